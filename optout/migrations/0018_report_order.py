"""The recipients of one state in their order: a page of a report reads no others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optout", "0017_action_purpose"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="outgoingmessage",
            name="message_report",
        ),
        migrations.AddIndex(
            model_name="outgoingmessage",
            index=models.Index(fields=["batch", "state", "id"], name="message_report"),
        ),
    ]
