"""What uses a tag beside contacts: asked before it is deleted."""

from collections.abc import Callable

from teambox.models import SmartReplyAction, Tag

Users = Callable[[Tag], list[str]]
_users: list[Users] = []


def also_used_by(users: Users) -> None:
    """Register who else uses tags: the floor above, which we cannot import.

    It gets a tag and names what uses it; a repeat counts once.
    """
    if users not in _users:
        _users.append(users)


def of(tag: Tag) -> list[str]:
    """The smart replies with an action on it, and what else uses it, by name."""
    return [
        *_smart_replies(tag),
        *(name for users in _users for name in users(tag)),
    ]


def _smart_replies(tag: Tag) -> list[str]:
    """Actions name a tag as it was typed."""
    rows = SmartReplyAction.objects.filter(settings__tag__iexact=tag.name)
    return list(
        dict.fromkeys(
            f"smart reply “{row.reply}”" for row in rows.select_related("reply")
        )
    )
