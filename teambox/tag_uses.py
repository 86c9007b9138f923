"""What uses a tag beside contacts: asked before it is deleted or merged."""

from collections.abc import Callable

from teambox.models import SmartReplyAction, Tag

Users = Callable[[Tag], list[str]]
Replace = Callable[[Tag, Tag], None]
_users: dict[Users, Replace] = {}


def also_used_by(users: Users, *, replace: Replace) -> None:
    """Register who else uses tags: the floor above, which we cannot import.

    `users` gets a tag and names what uses it; `replace` lets all of that use another
    one. A repeat counts once.
    """
    _users[users] = replace


def replace(old: Tag, new: Tag) -> None:
    """Let what the floors above do with one tag be done with another."""
    for replace_there in _users.values():
        replace_there(old, new)


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
