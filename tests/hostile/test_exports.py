"""What leaves as CSV: inert in a spreadsheet, and the same people if it comes back."""

import csv
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from broadcaster.models import Broadcast
from optout.access import Role
from optout.models import Channel, Entry, OptOutList, default_list
from tests import town
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out
from tests.hostile.doors import Visitor
from tests.page_clients import browser_of
from tests.routes import page_routes
from tests.town import Said

pytestmark = pytest.mark.django_db

FORMULAS = [  # 52
    '=HYPERLINK("http://evil.example","x")',
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "＠SUM",
]
ADDRESSES = [ASHA, RAHUL, LEENA, "=1+1@example.org", "-x@example.org", "+x@example.org"]
RUNS = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")

PLUS = re.compile(r"\+\d+\Z")  # a number is no formula

Csv = tuple[bytes, list[dict[str, str]]]


def rows_of(answer: Any) -> Csv:
    data = b"".join(answer.streaming_content)
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return data, list(csv.DictReader(text))


def exported(visitor: Visitor, listed: OptOutList) -> Csv:
    return rows_of(visitor.browser.get(reverse("list-export", args=[listed.pk])))


def assert_inert(rows: list[dict[str, str]]) -> None:
    """No cell runs; the column for programs holds plain numbers alone."""
    assert rows
    for row in rows:
        assert re.fullmatch(r"(\+\d+)?", row.pop("number", ""))
        assert not [cell for cell in row.values() if RUNS.match(cell)]


def sale(visitor: Visitor, *, email: bool, file: bytes) -> Broadcast:
    """A prepared broadcast to the people of a file that comes by a form."""
    body = {
        "name": "=1+1",
        "channel_id": 901 if email else 900,
        "text": "Hi {{name|you}}",
    }
    body |= {"opt_out_lists": [default_list().pk], "subject": "Sale" if email else ""}
    made = visitor.program.post("/api/v1/broadcasts/", body).json()["id"]
    url = reverse("api-recipients", args=[made])
    sent = {"file": SimpleUploadedFile("x.csv", file)}
    answer = visitor.program.post(url, sent, format="multipart")
    assert answer.status_code == 202, answer.json()
    visitor.program.post(reverse("api-broadcast-launch", args=[made]))
    return Broadcast.objects.get(pk=made)


@pytest.mark.once
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_lists_export_runs(visitor: Visitor, text: str) -> None:
    listed = make_list(text.strip(), "LEAVE IT")
    opt_out(ASHA, listed)
    Entry.objects.update(note=text, wording=text, actor_label=text, ended_note=text)
    _data, rows = exported(visitor, listed)
    assert rows[0]["note"] == f"'{text}"
    assert_inert(rows)


@pytest.mark.once
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_broadcasts_files_runs(
    visitor: Visitor, phone: Channel, text: str
) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["number", "name"], [ASHA, text], [text, "Ana"]])
    made = sale(visitor, email=False, file=file.getvalue().encode())
    for name in ("broadcast-export", "broadcast-left-out"):
        assert_inert(rows_of(visitor.browser.get(reverse(name, args=[made.pk])))[1])


@pytest.mark.once
def test_no_cell_of_any_file_runs(visitor: Visitor) -> None:
    said = Said(name=FORMULAS[0], short="@SUM(A1)", words="\t=1+1")
    settled, files = town.build(said), []
    for route in page_routes():
        url = reverse(route.name, kwargs=settled.arguments(route))
        answer = visitor.browser.get(url)
        if answer.get("Content-Type", "").startswith("text/csv"):
            files.append(route.name)
            cells = {cell for row in rows_of(answer)[1] for cell in row.values()}
            assert not [one for one in cells if RUNS.match(one) and not PLUS.match(one)]
    assert {
        "contacts-export",
        "import-errors",
        "list-export",
        "broadcast-left-out",
        "broadcast-export",
    } <= set(files)


@pytest.mark.parametrize("email", [False, True], ids=["numbers", "emails"])
def test_an_export_that_comes_back_leads_to_the_same_people(  # 55
    visitor: Visitor, phone: Channel, mailbox: Channel, email: bool
) -> None:
    for raw in ADDRESSES:
        opt_out(raw)
    made = sale(visitor, email=email, file=exported(visitor, default_list())[0])
    wanted = {raw for raw in ADDRESSES if ("@" in raw) == email}
    found = made.batch.messages.values_list("address", "state")
    assert set(found) == {(raw, "suppressed") for raw in wanted}


def test_a_report_that_comes_back_leads_to_the_same_people(
    visitor: Visitor, mailbox: Channel
) -> None:
    people = [raw for raw in ADDRESSES if "@" in raw]
    file = "\n".join(["email", *people]).encode()
    first = sale(visitor, email=True, file=file)
    url = reverse("broadcast-export", args=[first.pk])
    again = sale(visitor, email=True, file=rows_of(visitor.browser.get(url))[0])
    assert set(again.batch.messages.values_list("address", flat=True)) == set(people)


@pytest.mark.parametrize("pk", ["0", "4711", "9" * 30, "9" * 5000, "-1", "1e1", "²"])
def test_what_is_not_there_is_not_exported(visitor: Visitor, pk: str) -> None:  # 56
    for url in (f"/opt-out/{pk}/export/", f"/broadcaster/{pk}/report/export/"):
        assert visitor.browser.get(url).status_code == 404


@pytest.mark.once
def test_a_role_without_the_permission_exports_nothing(phone: Channel) -> None:
    agent = browser_of(Role.AGENT)
    url = reverse("list-export", args=[default_list().pk])
    assert agent.get(url).status_code == 403
