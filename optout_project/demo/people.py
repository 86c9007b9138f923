"""Made-up people: fictional numbers (555-01xx) and addresses of example.org."""

from dataclasses import dataclass
from itertools import product

from optout import addresses
from optout.addresses import Address

_FIRST = "Amelia Noah Priya Mateo Chloe Kofi Elena Liam Yuki Sofia Omar Hannah"
_LAST = (
    "Hart Okafor Silva Novak Reyes Lindqvist Marsh Tanaka "
    "Costa Byrne Dumas Vega Quinn Abara Lund Ortiz"
)
_AREAS = (212, 415, 312, 617, 305)
_CITIES = ("New York", "San Francisco", "Chicago", "Boston", "Miami")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer, with a number and an email."""

    name: str
    city: str
    phone: str
    email: str

    @property
    def phone_address(self) -> Address:
        return addresses.parse_phone(self.phone)

    @property
    def email_address(self) -> Address:
        return addresses.parse_email(self.email)


def person(number: int) -> Person:
    """The made-up person of a number from 0 to 191; always the same one."""
    last, first = _NAMES[number]
    area = number % len(_AREAS)
    return Person(
        name=f"{first} {last}",
        city=_CITIES[area],
        phone=f"+1 {_AREAS[area]}-555-01{number // len(_AREAS):02}",
        email=f"{first}.{last}@example.org".lower(),
    )


_NAMES = list(product(_LAST.split(), _FIRST.split()))
COUNT = len(_NAMES)
