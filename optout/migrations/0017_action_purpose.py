"""Smart replies do the actions of connectors too: their sends read Action."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("optout", "0016_standing_batches")]

    operations = [
        migrations.AlterField(
            model_name="outgoingbatch",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("broadcast", "Broadcast"),
                    ("sequence", "Sequence"),
                    ("connector", "Action"),
                    ("api", "API send"),
                    ("conversation", "Conversation started by an agent"),
                    ("reply", "Reply"),
                    ("smart_reply", "Smart reply"),
                    ("list_message", "Answer to an opt-out, START or HELP"),
                    ("test", "Test message"),
                ],
                max_length=12,
            ),
        ),
    ]
