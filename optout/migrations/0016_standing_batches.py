"""A standing batch is known by what its messages share; those there are get named."""

from typing import Any

from django.db import migrations, models

STANDING = ("reply", "smart_reply", "list_message", "conversation")


def name_those_there_are(apps: Any, _editor: Any) -> None:
    """The first running one of a channel and purpose, which messages go into."""
    batches = apps.get_model("optout", "OutgoingBatch").objects.filter(
        state="running", purpose__in=STANDING
    )
    named = set()
    for batch in batches.order_by("id"):
        lists = sorted(batch.lists.values_list("id", flat=True))
        key = f"{batch.channel_id}:{batch.purpose}:{','.join(map(str, lists))}:"
        if key not in named:
            named.add(key)
            batches.filter(pk=batch.pk).update(standing_key=key)


class Migration(migrations.Migration):
    dependencies = [("optout", "0015_sending_hours")]

    operations = [
        migrations.AddField(
            model_name="outgoingbatch",
            name="standing_key",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.RunPython(name_those_there_are, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="outgoingbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state", "running"), models.Q(("standing_key", ""), _negated=True)
                ),
                fields=("standing_key",),
                name="batch_stands_once",
            ),
        ),
    ]
