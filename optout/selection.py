"""Which opt-out lists a send selects: at least one, and never past the default list."""

from collections.abc import Collection, Sequence

from optout import ledger
from optout.actors import Actor
from optout.ledger import Fact
from optout.models import (
    LedgerKind,
    OptOutList,
    OutgoingBatch,
    default_list,
    replacement_of,
)
from optout.refusals import Refused


class SelectionError(ValueError):
    """A selection that cannot be sent with; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def choose(
    list_ids: Collection[int], *, skip_default: str | None = None
) -> list[OptOutList]:
    """The lists of a send, default list added unless it is left out with a reason.

    A deleted list is replaced by the one that took its place. Raises SelectionError
    `lists_required`, `unknown_list`, `reason_required`.
    """
    lists = known(list_ids)
    if skip_default is None:
        return list(dict.fromkeys([default_list(), *lists]))
    others = [row for row in lists if not row.is_default]
    if not others:
        raise SelectionError(
            "lists_required", "Without the default list, select another list."
        )
    if not skip_default.strip():
        raise SelectionError(
            "reason_required", "Give the reason for leaving out the default list."
        )
    return others


def known(list_ids: Collection[int]) -> list[OptOutList]:
    """The lists of these ids, or what took their place. Raises as `choose`."""
    if not list_ids:
        raise SelectionError("lists_required", "Select at least one opt-out list.")
    found = OptOutList.objects.in_bulk(list(list_ids))
    missing = sorted(set(list_ids) - set(found))
    if missing:
        raise SelectionError("unknown_list", f"There is no opt-out list {missing[0]}.")
    return list(dict.fromkeys(replacement_of(found[pk]) for pk in list_ids))


def link_among(
    lists: Sequence[OptOutList], chosen: int | None, *, refuse: type[Refused]
) -> OptOutList:
    """The list an unsubscribe link adds to: the chosen one, without a choice the first.

    Raises `refuse` with `unsubscribe_list` for one that is not selected.
    """
    found = [row for row in lists if chosen in (None, row.pk)]
    if not found:
        message = "The unsubscribe link can only lead to a selected list."
        raise refuse("unsubscribe_list", message, "unsubscribe_list")
    return found[0]


def set_lists(
    batch: OutgoingBatch, lists: Sequence[OptOutList], *, may_shrink: bool
) -> None:
    """Select these lists; a running send's selection only grows unless told so."""
    if may_shrink:
        batch.lists.set(lists)
    else:
        batch.lists.add(*lists)


def note_default_skipped(batch: OutgoingBatch, *, actor: Actor) -> None:
    """Write into the ledger that a send leaves out the default list, and why."""
    facts = {"batch": batch.pk, "reason": batch.skip_default_reason}
    fact = Fact(LedgerKind.DEFAULT_SKIPPED, list_id=default_list().pk, facts=facts)
    ledger.write([fact], actor=actor)


def replace_everywhere(old: OptOutList, new: OptOutList) -> None:
    """Add `new` beside `old` in every selection and to every unsubscribe link."""
    rows = OutgoingBatch.lists.through.objects
    batches = rows.filter(optoutlist=old).values_list("outgoingbatch_id", flat=True)
    rows.bulk_create(
        (
            OutgoingBatch.lists.through(outgoingbatch_id=pk, optoutlist_id=new.pk)
            for pk in batches
        ),
        ignore_conflicts=True,
    )
