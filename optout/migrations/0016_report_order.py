from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optout", "0015_sending_hours"),
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
