"""A person's opt-outs as plain text, to paste into a mail or a ticket."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from optout.models import Entry, Hold
from optout.templatetags.entries import by_whom, how, how_ended
from teambox.people import Person

Seen = Callable[[str], str]
Part = tuple[str, Sequence[str]]  # a title, and what stands under it


def write(person: Person, *, name: str, seen: Seen, more: Iterable[Part] = ()) -> str:
    """Name, addresses, lists of today and history, and `more` that is seen already.

    `seen` masks where it has to.
    """
    addresses = [seen(known.text) for known in person.addresses]
    return "\n".join(
        [
            *([name] if name else []),
            *addresses,
            *_part("On opt-out lists", (_line(row, seen) for row in person.live)),
            *_part("Under review", (_held(row, seen) for row in person.holds), none=""),
            *_part("Removed", (_ended(row, seen) for row in person.ended), none=""),
            *(line for title, lines in more for line in _part(title, lines, none="")),
        ]
    )


def _part(title: str, lines: Iterable[str], none: str = "none") -> list[str]:
    found = [f"- {line}" for line in lines]
    if not found:
        return ["", f"{title}: {none}"] if none else []
    return ["", f"{title}:", *found]


def _line(entry: Entry, seen: Seen) -> str:
    where = f"{entry.list.name}, {seen(entry.address)}, {entry.channel.name}"
    return f"{where}: {how(entry)}, {by_whom(entry)}, {_at(entry.created_at)}"


def _ended(entry: Entry, seen: Seen) -> str:
    end = [_at(entry.ended_at), entry.ended_label, how_ended(entry)]
    return f"{_line(entry, seen)}; removed {', '.join(filter(None, end))}"


def _held(hold: Hold, seen: Seen) -> str:
    return f"{seen(hold.address)}, {hold.channel.name}, {_at(hold.created_at)}"


def _at(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "j M Y, H:i T") if moment else ""
