"""The attributes that a field's </> picker offers, from the samples."""

from dataclasses import dataclass
from typing import Any

from connectors import attributes, samples
from connectors.attributes import Attribute, Attributes
from connectors.models import Connector, Run
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
    """The attributes of all samples, as they stand in the newest one first.

    What some samples lack is offered with an empty fallback. A role that sees
    addresses masked sees no values.
    """
    data = [samples.data_of(run, connector) for run in samples.newest(connector)]
    found = attributes.merged(data)
    is_masked = access.masks(request)
    rows = [_offer(row, is_masked=is_masked) for row in found]
    return {"offers": rows, "more_offers": found.more}


def _offer(row: Attribute, *, is_masked: bool) -> Offer:
    token = row.token.removesuffix("}}") + "|}}" if row.is_optional else row.token
    return Offer(
        path=row.words,
        token=token,
        value="" if is_masked else row.value,
        note=f"in {row.stands_in} of {row.samples}" if row.is_optional else "",
    )


def of_input(run: Run) -> Attributes:
    """What stands in an input itself; a URL without a query adds nothing."""
    return attributes.of({root: value for root, value in run.data.items() if value})
