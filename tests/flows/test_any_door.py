"""Out by one spelling through any door, withheld by another through any other."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from optout.access import Role
from optout.addresses import AddressKind
from optout.models import OPTOUT_NUMBER, Channel, SandboxMessage, default_list
from tests.api_clients import client_of
from tests.factories import drain, make_channel
from tests.page_clients import browser_of

pytestmark = pytest.mark.django_db
SALE = "Sale of the any-door test. Reply STOP."

# As somebody opts out, and as somebody else's file has it.
PHONES = [
    ("+34 600-111-222", "0034600111222"),
    ("34600111222", "whatsapp:+34600111222"),
    ("tel:+34-600-111-222", "(+34) 600.111.222"),
    ("+٣٤٦٠٠١١١٢٢٢", "\u200e+３４ 600 111 222"),
    ("+52 1 55 1234 5678", "+525512345678"),
]
EMAILS = [
    ("Leena@Example.ORG", "leena@example.org"),
    ("leena@bücher.example", "LEENA@xn--bcher-kva.example"),
    ("zoe\u0301@example.org", "ZOÉ@example.org"),
]


@dataclass
class Town:
    """A channel, and those who stand at its doors."""

    channel: Channel
    program: APIClient
    browser: Client
    root: Client

    @property
    def field(self) -> str:
        """What an address of this channel is called in bodies and forms."""
        is_email = self.channel.address_kind == AddressKind.EMAIL
        return "email" if is_email else "number"

    @property
    def subject(self) -> dict[str, str]:
        return {"subject": "Sale"} if self.field == "email" else {}

    @property
    def lists(self) -> list[int]:
        return [default_list().pk]


@pytest.fixture
def town(request: pytest.FixtureRequest, admin_client: Client) -> Town:
    channel = make_channel(900, email=request.param is AddressKind.EMAIL)
    return Town(channel, client_of(Role.ADMIN), browser_of(Role.ADMIN), admin_client)


# Doors in


def by_api(town: Town, raw: str) -> None:
    body = {"lists": town.lists, town.field: raw, "channel_id": None}
    assert town.program.post("/api/v1/opt-out-entries/", body).status_code == 201


def by_list_page(town: Town, raw: str) -> None:
    values = {town.field: raw, "channel": 0, "reason_code": "staff"}
    page = reverse("entry-add", args=[default_list().pk])
    assert town.browser.post(page, values).status_code == 302


def by_inbound_api(town: Town, raw: str) -> None:
    body = {"from": raw, "text": "STOP", "message_id": "m1"}
    answer = town.program.post("/api/v1/inbound/900/", body)
    assert answer.json()["outcome"] == "opted_out"


def by_sandbox(town: Town, raw: str) -> None:
    values = {"channel": town.channel.pk, "sender": raw, "text": "STOP"}
    assert town.browser.post("/sandbox/inbound/", values).status_code == 302


def by_admin(town: Town, raw: str) -> None:
    values = {"lists": town.lists, town.field: raw, "channel": 0}
    page = reverse("admin:optout_entry_add")
    answer = town.root.post(page, values | {"reason_code": "staff"})
    assert answer.status_code == 302


def by_unsubscribe_link(town: Town, raw: str) -> None:
    post_message(town, raw, text="A mail with a link")
    drain()
    link = SandboxMessage.objects.get().headers["List-Unsubscribe"].strip("<>")
    one_click = {"List-Unsubscribe": "One-Click"}
    assert Client().post(urlsplit(link).path, one_click).status_code == 200


# Doors out: each answers what its report says of the recipient

Row = dict[str, object]


def post_message(town: Town, raw: str, text: str = SALE) -> str:
    body = {"channel_id": 900, "to": raw, "text": text, "opt_out_lists": town.lists}
    answer = town.program.post("/api/v1/messages/", body | town.subject)
    assert answer.status_code == 202, answer.json()
    return f"/api/v1/messages/{answer.json()['id']}/"


def to_message(town: Town, raw: str) -> Row:
    place = post_message(town, raw)
    drain()
    return dict(town.program.get(place).json())


def to_broadcast_by_json(town: Town, raw: str) -> Row:
    return launched(town, draft(town, recipients=[{town.field: raw}]))


def to_broadcast_by_csv(town: Town, raw: str) -> Row:
    place = draft(town, recipients=[])
    answer = town.program.generic(
        "POST",
        f"{place}recipients/",
        f'{town.field};name\n"{raw}";Asha'.encode(),
        content_type="text/csv",
    )
    assert answer.status_code == 202, answer.json()
    return launched(town, place)


def draft(town: Town, **more: object) -> str:
    body = {"name": "Sale", "channel_id": 900, "text": SALE}
    body |= {"opt_out_lists": town.lists, **town.subject, **more}
    answer = town.program.post("/api/v1/broadcasts/", body)
    assert answer.status_code == 201, answer.json()
    return f"/api/v1/broadcasts/{answer.json()['id']}/"


def launched(town: Town, place: str) -> Row:
    answer = town.program.post(f"{place}launch/")
    assert answer.status_code == 202, answer.json()
    drain()
    [row] = town.program.get(f"{place}recipients/").json()["results"]
    return dict(row)


def has_got_the_sale() -> bool:
    return SandboxMessage.objects.filter(text__startswith=SALE).exists()


Way = Callable[[Town, str], object]
BOTH_KINDS: list[Way] = [by_api, by_list_page, by_inbound_api, by_sandbox, by_admin]
OUT = (to_message, to_broadcast_by_json, to_broadcast_by_csv)
# Each door in meets each spelling, and each of the two each door out in its turn.
CASES = [
    pytest.param(
        *(kind, way_in, OUT[(place + turn) % len(OUT)], *pair),
        id=f"{way_in.__name__}-{pair[0]}",
    )
    for kind, ways, pairs in [
        (AddressKind.PHONE, BOTH_KINDS, PHONES),
        (AddressKind.EMAIL, [*BOTH_KINDS, by_unsubscribe_link], EMAILS),
    ]
    for place, way_in in enumerate(ways)
    for turn, pair in enumerate(pairs)
]


@pytest.mark.parametrize(
    ("town", "way_in", "way_out", "asked_as", "sent_to"), CASES, indirect=["town"]
)
def test_who_left_by_any_door_is_withheld_at_every_other(
    town: Town,
    way_in: Way,
    way_out: Callable[[Town, str], Row],
    asked_as: str,
    sent_to: str,
) -> None:
    way_in(town, asked_as)
    row = way_out(town, sent_to)
    assert (row["status"], row["error"]) == ("suppressed", OPTOUT_NUMBER)
    assert not has_got_the_sale()


@pytest.mark.parametrize("way_out", OUT)
@pytest.mark.parametrize(
    ("town", "sent_to"),
    [
        *((AddressKind.PHONE, sent_to) for _, sent_to in PHONES),
        *((AddressKind.EMAIL, sent_to) for _, sent_to in EMAILS),
    ],
    indirect=["town"],
)
def test_who_did_not_leave_gets_it_by_every_door(
    town: Town, sent_to: str, way_out: Way
) -> None:
    assert way_out(town, sent_to)["status"] == "sent"
    assert has_got_the_sale()
