"""What the contact panel learns from the floors above, which we cannot import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Section:
    """What a floor knows of a person: its template draws `rows`, as `section.rows`.

    `lines` tell the same under `title` where the person is copied as text.
    """

    template: str
    title: str
    rows: Sequence[Any]
    lines: Sequence[str]


Maker = Callable[[HttpRequest, Sequence[UUID]], Section | None]
_makers: list[Maker] = []


def register(maker: Maker) -> None:
    """Ask this for a section of each person shown; a repeat counts once.

    It gets the request and the keys of the person's addresses, and answers None where
    it has nothing to show or the user may not see it.
    """
    if maker not in _makers:
        _makers.append(maker)


def of_person(request: HttpRequest, keys: Sequence[UUID]) -> list[Section]:
    """What the floors above show of the person with these addresses."""
    found = (maker(request, keys) for maker in _makers)
    return [section for section in found if section is not None]


# Addresses

Teller = Callable[[UUID], str]
_tellers: list[Teller] = []


def tells_addresses(teller: Teller) -> None:
    """Ask this whose key that is, where we know nothing of it; a repeat counts once.

    It answers the address as it is written to, or an empty text.
    """
    if teller not in _tellers:
        _tellers.append(teller)


def address_of(key: UUID) -> str:
    """The address that a floor above knows by this key; empty where none does."""
    return next(filter(None, (teller(key) for teller in _tellers)), "")
