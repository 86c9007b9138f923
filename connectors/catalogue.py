"""The actions that a connector's builder offers, by category, and finding one."""

from connectors import action_settings
from optout.action_table import Action

OTHER = "Other"
_CATEGORIES = {
    "Opt-out": ("add_to_opt_out_list", "remove_from_opt_out_list"),
    "Messages": ("send_message", "send_email"),
    "Contacts": ("save_contact", "add_tag", "remove_tag", "assign"),
    "Sequences and broadcasts": ("enrol", "unenrol", "start_broadcast"),
    OTHER: ("http_request", "go_to_connector"),
}


def found(search: str = "") -> list[tuple[str, list[Action]]]:
    """The actions whose label or category holds every word, in their categories."""
    words = search.casefold().replace("-", " ").split()
    kinds = {kind.name: kind for kind in action_settings.kinds()}
    rows = [
        (category, [kinds.pop(name) for name in names if name in kinds])
        for category, names in _CATEGORIES.items()
    ]
    rows[-1][1].extend(kinds.values())  # one that no category names yet
    fitting = [
        (category, [kind for kind in row if _fits(words, f"{category} {kind.label}")])
        for category, row in rows
    ]
    return [(category, row) for category, row in fitting if row]


def _fits(words: list[str], text: str) -> bool:
    plain = text.casefold().replace("-", " ")
    return all(word in plain for word in words)
