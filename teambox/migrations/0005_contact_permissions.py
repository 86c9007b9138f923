"""What roles may do with contacts beyond view, add, change and delete."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("teambox", "0004_smart_replies"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="contact",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("bulk_contacts", "Can tag many contacts at once"),
                    ("export_contacts", "Can export contacts"),
                ],
            },
        ),
    ]
