"""Answers to a page that polls: what differs from what it has, or nothing at all.

The page names each piece it shows as `id.signature`, in order, divided by commas. What
is new, changed or gone goes back as out-of-band swaps; the rest of the page, its focus
and its scroll position stay.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True, slots=True)
class Piece:
    """One element of the page; `container` names the list it is a row of, if any."""

    id: str
    signature: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    container: str = ""

    @property
    def token(self) -> str:
        """What the page says it has when it shows this."""
        return f"{self.id}.{self.signature}"


@dataclass(frozen=True, slots=True)
class Change:
    """A swap: `replace` and `delete` in place, or put in by htmx's words for it."""

    how: str
    id: str
    piece: Piece | None = None


def answer(
    request: HttpRequest, pieces: Sequence[Piece], *, keeps_rest: bool = False
) -> HttpResponse:
    """The changes as one fragment; 204 where the page has it all.

    `keeps_rest` leaves what is on the page and not among the pieces.
    """
    changes = list(differences(_have(request), pieces))
    if keeps_rest:
        changes = [change for change in changes if change.piece]
    if not changes:
        return HttpResponse(status=204)
    return render(request, "teambox/parts/changes.html", {"changes": changes})


def signature(*seen: object) -> str:
    """A short word that is another one when any of this is."""
    return f"{zlib.crc32(repr(seen).encode()):x}"


def _have(request: HttpRequest) -> dict[str, str]:
    """What the page shows, in its order; what makes no sense is not there."""
    tokens = request.GET.get("have", "").split(",")
    pairs = (token.rpartition(".") for token in tokens)
    return {name: signature for name, _, signature in pairs if name}


def differences(have: dict[str, str], pieces: Sequence[Piece]) -> Iterator[Change]:
    """The swaps that turn what the page has into these pieces, to be done in order."""
    wanted = {piece.id: piece for piece in pieces}
    for gone in have.keys() - wanted.keys():
        yield Change("delete", gone)
    rows = [name for name in have if name in wanted and wanted[name].container]
    stood_after = dict(zip(rows, ["", *rows], strict=False))
    previous = ""
    for piece in pieces:
        anchor = previous if piece.container else ""
        if have.get(piece.id) != piece.signature:
            yield from _placed(piece, anchor, have, stood_after)
        previous = piece.id if piece.container else previous


def _placed(
    piece: Piece, anchor: str, have: dict[str, str], stood_after: dict[str, str]
) -> Iterator[Change]:
    is_there = piece.id in have
    if is_there and (not piece.container or stood_after[piece.id] == anchor):
        yield Change("replace", piece.id, piece)
        return
    if is_there:
        yield Change("delete", piece.id, piece)
    where = f"afterend:#{anchor}" if anchor else f"afterbegin:#{piece.container}"
    yield Change(where, piece.id, piece)
