"""The main job on real input: a CSV of thousands, SMTP, one-click links."""

import csv
import io
import os
import random
from collections import Counter
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import requests

from optout import links
from optout.models import Channel, OutgoingMessage
from tests.flows.conftest import Api
from tests.flows.mail_server import MailServer, recipient

pytestmark = [
    pytest.mark.slow,
    pytest.mark.soak,
    pytest.mark.django_db(transaction=True),
]

# All ten thousand in the long run, `make soak`.
IS_LONG = bool(float(os.environ.get("FAULTS_MINUTES") or 0))
PEOPLE = 10_000 if IS_LONG else 300
OPTED_OUT = PEOPLE // 20
CLICKS = 50 if IS_LONG else 15
SECOND_TIME = 500 if IS_LONG else 200
SEED = 8058


def address(number: int) -> str:
    return f"person.{number}@example.org"


def other_spelling(number: int, chance: random.Random) -> str:
    """The same mailbox as somebody else would write it."""
    plain = address(number)
    return chance.choice(
        [plain.upper(), f"  {plain} ", plain.title(), f"{plain}.", f"\t{plain.upper()}"]
    )


def recipients_file(people: int) -> bytes:
    """A spreadsheet's export: BOM, semicolons, columns in no order, mixed spellings."""
    chance = random.Random(SEED)
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Ort", "E-Mail", "Name"])
    for number in range(people):
        spelling = chance.choice([address(number), other_spelling(number, chance)])
        rows.writerow(["Köln", spelling, f"Zoë {number}"])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def make_lists(api: Api) -> list[int]:
    """The default list and two of ours."""
    default = api.get("/opt-out-lists/")["results"][0]["id"]
    words = [("Promotions", "PROMO OFF"), ("Newsletter", "NEWS OFF")]
    made = [
        api.post(
            "/opt-out-lists/",
            {"name": name, "keyword": keyword, "message": f"You left {name}."},
        )
        for name, keyword in words
    ]
    return [default, *(row["id"] for row in made)]


def opt_out_in_other_spellings(api: Api, lists: list[int]) -> list[str]:
    """One in twenty, entered over three lists; who has to be withheld."""
    chance = random.Random(SEED + 1)
    chosen = chance.sample(range(PEOPLE), OPTED_OUT)
    items = [
        {
            "lists": [lists[place % 3]],
            "email": other_spelling(number, chance),
            "channel_id": chance.choice([None, 201]),
        }
        for place, number in enumerate(chosen)
    ]
    results = api.post("/opt-out-entries/bulk/", {"items": items})["results"]
    assert len(results) == OPTED_OUT
    return sorted(address(number) for number in chosen)


def broadcast(
    api: Api, lists: list[int], work: Callable[[], None], *, people: int
) -> Any:
    """Make, upload, launch and send; the finished broadcast."""
    made = api.post(
        "/broadcasts/",
        {
            "name": f"To {people} people",
            "channel_id": 201,
            "subject": "Hello {{name}}",
            "html": "<p>Hello {{name}} in {{ort}}</p>",
            "opt_out_lists": lists,
        },
    )
    path = f"/broadcasts/{made['id']}/"
    file = {"file": ("people.csv", recipients_file(people), "text/csv")}
    api.call("POST", f"{path}recipients/", files=file)
    api.post(f"{path}launch/")
    for _ in range(20):
        work()
        if api.get(path)["status"] == "finished":
            break
    return api.get(path)


def suppressed(api: Api, broadcast_id: int) -> list[Any]:
    """Every recipient that was withheld, page by page."""
    path = f"/broadcasts/{broadcast_id}/recipients/?status=suppressed&page_size=500"
    rows: list[Any] = []
    while path:
        page = api.get(path)
        rows += page["results"]
        path = (page["next"] or "").partition("/api/v1")[2]
    return rows


def link_of(mail: Message) -> str:
    return str(mail["List-Unsubscribe"]).strip("<>")


def leads_to(mails: list[Message]) -> dict[str, str]:
    """By recipient, the address that the link in the header stands for."""
    ids = [links.read(link_of(mail).split("/")[-2]) or 0 for mail in mails]
    addresses = OutgoingMessage.objects.in_bulk(ids)
    pairs = zip(mails, ids, strict=True)
    return {recipient(mail): addresses[pk].address for mail, pk in pairs}


def one_click(mail: Message) -> int:
    """What a mail client does: POST to the header's address, without any cookie."""
    link = link_of(mail)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    body = {"List-Unsubscribe": "One-Click"}
    answer = requests.post(link, data=body, timeout=30, allow_redirects=False)
    return answer.status_code


def test_thousands_of_mails_reach_exactly_those_who_did_not_opt_out(
    api: Api, work: Callable[[], None], tmp_path: Path
) -> None:
    with MailServer(tmp_path) as server:
        Channel.objects.create(
            channel_id=201,
            name="Mail",
            kind="smtp",
            address_kind="email",
            sender="Shop <shop@example.org>",
            options=server.options,
            rate=10_000,
        )
        lists = make_lists(api)
        out = opt_out_in_other_spellings(api, lists)
        first = broadcast(api, lists, work, people=PEOPLE)
        withheld = suppressed(api, first["id"])
        assert sorted(row["address"] for row in withheld) == out
        assert {row["error"] for row in withheld} == {"Optout Number"}
        assert all(row["list"] in lists and row["entry"] for row in withheld)
        received = Counter(map(recipient, server.mails()))
        everybody = {address(number) for number in range(PEOPLE)}
        assert set(received) == everybody - set(out)
        assert set(received.values()) == {1}

        assert leads_to(server.mails()) == {name: name for name in received}

        again = {address(number) for number in range(SECOND_TIME)}
        candidates = [mail for mail in server.mails() if recipient(mail) in again]
        clicking = random.Random(SEED).sample(candidates, CLICKS)
        assert {one_click(mail) for mail in clicking} == {200}
        server.clear()
        second = broadcast(api, lists, work, people=SECOND_TIME)
        now_out = again & {*out, *map(recipient, clicking)}
        assert {row["address"] for row in suppressed(api, second["id"])} == now_out
        assert {*map(recipient, server.mails())} == again - now_out
