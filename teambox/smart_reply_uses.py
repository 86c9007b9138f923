"""Which smart replies use an opt-out list: asked before a list is deleted."""

from optout import action_forms
from optout.models import OptOutList
from teambox.models import SmartReplyAction


def of_list(opt_out_list: OptOutList) -> list[str]:
    """The smart replies with an action on this list, each once.

    Few rows, read whole: SQLite does not search in a JSON list.
    """
    rows = SmartReplyAction.objects.filter(settings__lists__isnull=False)
    using = (row for row in rows.select_related("reply") if _uses(row, opt_out_list))
    return list(dict.fromkeys(f"smart reply “{row.reply}”" for row in using))


def _uses(row: SmartReplyAction, opt_out_list: OptOutList) -> bool:
    return opt_out_list in action_forms.lists_of(row.settings)
