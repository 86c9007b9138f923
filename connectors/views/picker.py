"""The attributes that a field's </> picker offers, from the samples."""

from dataclasses import dataclass
from typing import Any

from connectors import attributes, samples, tokens
from connectors.attributes import Attribute
from connectors.models import Connector
from optout import access
from optout.views.dialogs import PageRequest


@dataclass(frozen=True, slots=True)
class Offer:
    """An attribute as it is offered: the token that is put in, and where it stands."""

    path: str
    token: str
    value: str
    note: str


def offers(request: PageRequest, connector: Connector) -> dict[str, Any]:
    """The attributes of all samples, the newest sample's first.

    What some samples lack is offered with an empty fallback. A role that sees
    addresses masked sees no values.
    """
    data = [samples.data_of(run, connector) for run in samples.newest(connector)]
    is_masked = access.masks(request)
    found: dict[str, tuple[Attribute, int]] = {}
    for one in data:
        for row in attributes.of(one):
            first, count = found.get(row.token, (row, 0))
            found[row.token] = (first, count + 1)
    rows = [
        _offer(row, count, len(data), is_masked=is_masked)
        for row, count in found.values()
    ]
    return {"offers": rows, "samples": len(data)}


def _offer(row: Attribute, count: int, total: int, *, is_masked: bool) -> Offer:
    is_missing = count < total
    token = row.token.removesuffix("}}") + "|}}" if is_missing else row.token
    return Offer(
        path=tokens.path_in_words(row.path),
        token=token,
        value="" if is_masked else row.value,
        note=f"in {count} of {total}" if is_missing else "",
    )


def of_input(data: dict[str, Any]) -> list[Attribute]:
    """What stands in an input itself, without the facts of its run."""
    return attributes.of({key: data[key] for key in ("body", "custom_variables")})
