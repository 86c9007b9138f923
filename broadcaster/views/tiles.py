"""The numbers at the top of a report."""

from dataclasses import dataclass

from broadcaster import filters
from broadcaster.reports import Progress, Result
from optout.models import MessageState
from optout.templatetags.ui import percent


@dataclass(frozen=True, slots=True)
class Tile:
    """One number, its share of others, and the recipients it counts."""

    label: str
    value: int
    tone: str = ""
    note: str = ""
    url: str = ""


def of(result: Result) -> list[Tile]:
    """All of them; what is sent, withheld, failed, unknown and waits is the total."""
    found = result.progress
    return [
        Tile("Total", found.total, url="?#recipients"),
        _of_all(found, "Waiting", filters.WAITING, found.waiting, "accent"),
        _of_all(found, "Sent", filters.HANDED_OVER, found.handed_over, "accent"),
        _of_sent(found, "Delivered", filters.ARRIVED, found.arrived),
        _of_sent(found, "Read", MessageState.READ, found.counts[MessageState.READ]),
        Tile(
            "Opted out",
            found.suppressed,
            "warn",
            _share(found.suppressed, found.total, "Optout Number") or "Optout Number",
            _place(MessageState.SUPPRESSED),
        ),
        _of_state(found, "Failed", MessageState.FAILED, "danger"),
        _of_state(found, "Unknown", MessageState.UNKNOWN, "warn"),
        *_cancelled(found),
        Tile(
            "Opt-outs caused",
            result.caused,
            "warn",
            _share(result.caused, found.handed_over, "of sent"),
            "#caused",
        ),
    ]


def _cancelled(found: Progress) -> list[Tile]:
    tile = _of_state(found, "Cancelled", MessageState.CANCELLED, "")
    return [tile] if tile.value else []


def _of_state(found: Progress, label: str, state: MessageState, tone: str) -> Tile:
    return _of_all(found, label, state, found.counts[state], tone)


def _of_all(found: Progress, label: str, status: str, value: int, tone: str) -> Tile:
    return Tile(
        label, value, tone, _share(value, found.total, "of all"), _place(status)
    )


def _of_sent(found: Progress, label: str, status: str, value: int) -> Tile:
    note = _share(value, found.handed_over, "of sent")
    return Tile(label, value, "ok", note, _place(status))


def _share(part: int, whole: int, words: str) -> str:
    return f"{percent(part, whole)} {words}" if whole else ""


def _place(status: str) -> str:
    return f"?status={status}#recipients"
