"""The rows every installation has; they are made again after a flush, too."""

from django.db import migrations


def seed(apps, schema_editor):
    from optout.seeds import seed_rows

    seed_rows(apps)


class Migration(migrations.Migration):
    dependencies = [("optout", "0001_initial")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
