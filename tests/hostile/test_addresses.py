"""Addresses in odd spellings and things that are none, at each door that takes one."""

from typing import Any

import pytest
from django.urls import reverse

from broadcaster.models import Broadcast
from optout.models import Channel, Entry, default_list, live_entries
from teambox.models import InboundEvent
from tests.factories import drain, opt_out
from tests.hostile.doors import ENTRIES, NEW_ENTRY_DOORS, Visitor, refused_by_api

pytestmark = pytest.mark.django_db

ONE_LINE = "+14155552671"
SPELLINGS = [  # 31, 32, 37
    "+1 (415) 555-2671",
    "0014155552671",
    "14155552671",
    "tel:+1-415-555-2671",
    "whatsapp:+14155552671",
    "＋１（４１５）５５５－２６７１",
    "+١٤١٥٥٥٥٢٦٧١",
    "\u200e+1\u200b415\u202a5552671\u202c",
]
SAME_PERSON = [
    *[("number", ONE_LINE, spelling) for spelling in SPELLINGS],
    ("number", "+525512345678", "+5215512345678"),  # 33
    ("number", "+553187654321", "+5531987654321"),
    ("number", "+541123456789", "+5491123456789"),
    ("email", "a@ex.com", "A@Ex.COM"),  # 35
    ("email", "a@ex.com", " a@ex.com. "),
    ("email", "a@xn--bcher-kva.example", "a@BÜCHER.example"),
    ("email", "a@ex.com", "\u200ba@ex\u200e.com"),
]
NO_ADDRESSES = [
    *[  # 34
        ("number", text)
        for text in (
            "+1",
            "+999123456789",
            "9" * 40,
            "1e10",
            "-1",
            "1962580010.0",
            "1.41556E+10",
            "9" * 321,
        )
    ],
    ("number", "+1415\x005552671"),  # 37
    ("number", "a@ex.com"),  # 38
    ("number", "=HYPERLINK(1)"),
    ("number", "'; DROP TABLE optout_entry; --"),
    ("email", "a@@b.org"),  # 35
    ("email", '"a b"@ex.com'),
    ("email", "a@" + "b" * 320 + ".org"),
    ("email", "a@b.org\r\nBcc: x@y.org"),  # 36
    ("email", "a@b\x00.org"),
    ("email", ONE_LINE),  # 38
]
NO_TEXTS: list[Any] = [[], {}, True, 1.5, 34600111222]


@pytest.mark.parametrize(("field", "listed", "written"), SAME_PERSON)
def test_another_spelling_is_the_same_person_at_each_door(
    visitor: Visitor, field: str, listed: str, written: str
) -> None:
    opt_out(listed)
    for name, door in NEW_ENTRY_DOORS.items():
        assert door(visitor, {field: written}) == set(), name
    assert live_entries().get().address == listed


@pytest.mark.parametrize(("field", "written"), NO_ADDRESSES)
def test_what_is_no_address_is_named_at_each_door_and_nothing_added(
    visitor: Visitor, field: str, written: str
) -> None:
    for name, door in NEW_ENTRY_DOORS.items():
        assert door(visitor, {field: written}) == {field}, name
    assert not Entry.objects.exists()


def test_neither_number_nor_email_is_named_at_each_door(visitor: Visitor) -> None:  # 38
    for name, door in NEW_ENTRY_DOORS.items():
        assert door(visitor, {"number": "", "email": ""}) == {"number"}, name
        assert door(visitor, {"number": "\u200b", "email": ""}) == {"number"}, name


def test_half_a_pair_of_surrogates_is_refused(visitor: Visitor) -> None:  # 37
    place = f'"lists": [{default_list().pk}]'
    body = f'{{{place}, "email": "a\\ud800@b.org"}}'
    answer = visitor.program.generic("POST", ENTRIES, body, "application/json")
    assert refused_by_api(answer) == {"email"}
    url = reverse("entry-add", args=[default_list().pk])
    form = b"channel=0&reason_code=staff&email=a%ED%A0%80@b.org"
    kind = "application/x-www-form-urlencoded"
    assert visitor.browser.post(url, form, content_type=kind).status_code == 422
    assert not Entry.objects.exists()


def calls(listed: int) -> list[tuple[str, dict[str, Any], str]]:
    """Each call that takes an address: where to, a good body, the field."""
    lists, by_lists = {"lists": [listed]}, {"opt_out_lists": [listed]}
    inbound = {"text": "STOP", "message_id": "1"}
    send = {"channel_id": 900, "text": "Hello", **by_lists}
    check = {"channel_id": 900, "addresses": [], **lists}
    return [
        (ENTRIES, lists, "number"),
        (ENTRIES, lists, "email"),
        (f"{ENTRIES}remove/", lists | {"channel_id": None}, "number"),
        (f"{ENTRIES}search/", {}, "address"),
        (f"{ENTRIES}check/", check, "addresses"),
        ("/api/v1/messages/", send, "to"),
        ("/api/v1/inbound/900/", inbound, "from"),
    ]


@pytest.mark.parametrize("value", NO_TEXTS, ids=repr)
def test_a_value_that_is_no_text_is_named_by_each_call(  # 39
    visitor: Visitor, phone: Channel, value: object
) -> None:
    for url, body, name in calls(default_list().pk):
        sent = [value] if name == "addresses" else value
        assert refused_by_api(visitor.program.post(url, body | {name: sent})) == {name}
    assert not Entry.objects.exists()
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_stop_counts_however_the_sender_is_spelt(
    visitor: Visitor, phone: Channel, spelling: str
) -> None:
    body = {"from": spelling, "text": "STOP", "message_id": "1"}
    answer = visitor.program.post("/api/v1/inbound/900/", body)
    assert answer.json()["outcome"] == "opted_out"
    assert live_entries().get().address == ONE_LINE


def test_a_file_of_spellings_is_one_person_who_is_withheld(
    visitor: Visitor, phone: Channel
) -> None:
    opt_out(ONE_LINE)
    sale = {"name": "Sale", "channel_id": 900, "text": "Sale! Reply STOP to opt out."}
    sale["opt_out_lists"] = [default_list().pk]
    made = visitor.program.post("/api/v1/broadcasts/", sale).json()["id"]
    cells = [f'"{spelling}"' for spelling in [ONE_LINE, *SPELLINGS]]
    url = f"/api/v1/broadcasts/{made}/recipients/"
    file = "\n".join(["number", *cells]).encode()
    assert not refused_by_api(visitor.program.generic("POST", url, file, "text/csv"))
    found = Broadcast.objects.get()
    assert (found.rows_read, found.rows_duplicate) == (len(cells), len(SPELLINGS))
    visitor.program.post(f"/api/v1/broadcasts/{made}/launch/")
    drain()
    states = found.batch.messages.values_list("state", flat=True)
    assert list(states) == ["suppressed"]
