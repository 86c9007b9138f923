"""The CSV export of a list: complete, inert in a spreadsheet, fit for import."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from optout import addresses, exports
from optout.access import Role
from optout.models import Entry, OptOutList
from tests.factories import ASHA, LEENA, RAHUL, make_list, opt_out
from tests.page_clients import browser_of

HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM",
    "'=1+1",
]


@pytest.fixture
def listed() -> OptOutList:
    return make_list()


def exported(
    browser: Client, listed: OptOutList, query: str = ""
) -> list[dict[str, str]]:
    answer: Any = browser.get(f"/opt-out/{listed.pk}/export/{query}")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula(text: str) -> None:
    assert exports.safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["STOP", "asha@example.org", "a=b", "it's", "'quoted'"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert exports.safe_cell(text) == text


@given(st.text(alphabet="'=+-@ \t\r\na＝", max_size=6))
def test_a_reader_gets_back_what_was_written(text: str) -> None:
    assert exports.plain_cell(exports.safe_cell(text)) == text


@pytest.mark.django_db
@pytest.mark.parametrize("raw", [ASHA, LEENA, "=1+1@example.org", "-x@example.org"])
def test_an_exported_address_reads_back_to_the_same_key(
    listed: OptOutList, raw: str
) -> None:
    key = opt_out(raw, listed).entries[0].key
    row = exported(browser_of(Role.COMPLIANCE), listed)[0]
    again = addresses.parse(row["number"] or exports.plain_cell(row["email"]))
    assert again.key == key


@pytest.mark.django_db
def test_a_number_stands_plain_for_programs_and_quoted_for_people(
    listed: OptOutList,
) -> None:
    opt_out(ASHA, listed)
    row = exported(browser_of(), listed)[0]
    assert (row["address"], row["number"]) == (f"'{ASHA}", ASHA)


@pytest.mark.django_db
def test_names_and_notes_are_inert(listed: OptOutList) -> None:
    opt_out(ASHA, listed)
    OptOutList.objects.filter(pk=listed.pk).update(name="=1+1")
    Entry.objects.update(note="@SUM(A1)", wording="+1")
    row = exported(browser_of(), listed)[0]
    assert (row["list"], row["note"], row["wording"]) == ("'=1+1", "'@SUM(A1)", "'+1")


@pytest.mark.django_db
def test_the_export_keeps_to_the_filters(listed: OptOutList) -> None:
    opt_out(ASHA, listed)
    opt_out(RAHUL, listed)
    rows = exported(browser_of(), listed, "?search=600111333")
    assert [row["number"] for row in rows] == [RAHUL]


@pytest.mark.django_db
def test_the_export_holds_only_this_list(listed: OptOutList) -> None:
    opt_out(RAHUL)
    assert exported(browser_of(), listed) == []


@pytest.mark.django_db
def test_a_long_list_is_complete(
    listed: OptOutList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 2)
    for number in range(5):
        opt_out(f"+3460011100{number}", listed)
    numbers = [row["number"] for row in exported(browser_of(), listed)]
    assert numbers == [f"+3460011100{number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.django_db
def test_the_file_is_named_and_typed(listed: OptOutList) -> None:
    answer = browser_of().get(f"/opt-out/{listed.pk}/export/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="opt-out-list-{listed.pk}-' in answer["Content-Disposition"]
