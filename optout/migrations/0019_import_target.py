"""The row of a floor above that the rows of an import go into."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optout", "0018_report_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="importjob",
            name="target_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
