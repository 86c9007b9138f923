"""The words that go back to a person who said START."""

from collections.abc import Iterable

from optout.lifts import ComeBack
from optout.models import Entry, OptOutList, Reason


def to_start(opt_out_list: OptOutList, came_back: ComeBack) -> str:
    """Tell the person where they are back, or what still keeps them out.

    Plain ASCII beside the names: any other sign makes an SMS twice as dear.
    """
    if not came_back.blocking:
        return (
            "You are back: you will get our messages here again. "
            f"Reply {opt_out_list.keyword} to stop them."
        )
    start = (
        f"You are back on {_name(opt_out_list)}, but" if came_back.lifted else "You are"
    )
    left = ", ".join(_blocks(came_back.blocking))
    return f"{start} still opted out of {left}. Tell us if you want to change that."


def _blocks(blocking: Iterable[Entry]) -> list[str]:
    """What keeps the person out, each once."""
    return list(dict.fromkeys(f"{_name(row.list)}{_how(row)}" for row in blocking))


def _name(opt_out_list: OptOutList) -> str:
    return f'"{opt_out_list.public_name or opt_out_list.name}"'


def _how(entry: Entry) -> str:
    if entry.reason_code == Reason.PROVIDER:
        return " (blocked by your provider)"
    return " (on all channels)" if entry.counts_everywhere else ""
