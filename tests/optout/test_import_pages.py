"""The pages of an import: its steps, who may do them, files that are refused."""

import codecs
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optout import csv_files, imports
from optout.access import Role
from optout.models import (
    Entry,
    ImportJob,
    ImportState,
    OptOutList,
    Workspace,
    default_list,
)
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list
from tests.importing import counted, file_of, imported, uploaded, work
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of

pytestmark = pytest.mark.django_db
IMPORTERS = {Role.MARKETER, Role.COMPLIANCE, Role.ADMIN}
LONG = "word " * 60 + ".csv"


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def listed() -> OptOutList:
    return make_list()


def upload(browser: Client, data: bytes, *, name: str = "old.csv") -> Any:
    url = reverse("list-import", args=[default_list().pk])
    return browser.post(url, {"file": SimpleUploadedFile(name, data)})


def url(name: str, job: ImportJob) -> str:
    return reverse(f"import-{name}" if name else "import", args=[job.pk])


def columns(**roles: str) -> dict[str, Any]:
    chosen = {f"column-{name}": role for name, role in roles.items()}
    return {"channel": 0, **chosen}


def test_the_steps_lead_from_the_file_to_the_entries(browser, listed) -> None:
    start = browser.get(reverse("list-import", args=[listed.pk]))
    assert "Nobody gets a message" in text_of(start)
    file = SimpleUploadedFile("old.csv", file_of([f"{ASHA};x", "nobody;y"], "Tel;Why"))
    to_columns = browser.post(reverse("list-import", args=[listed.pk]), {"file": file})
    job = ImportJob.objects.get()
    assert to_columns["Location"] == url("", job)
    assert "Say what each column is for" in text_of(browser.get(url("", job)))
    browser.post(url("columns", job), columns(tel="number", why="note"))
    check = text_of(browser.get(url("", job)))
    assert "To be added 1" in check and "Bad rows 1" in check
    browser.post(url("start", job))
    assert "What happened Error file Added 1" in text_of(browser.get(url("", job)))
    entry = Entry.objects.get()
    assert (entry.list, entry.note, entry.actor_label) == (listed, "x", "a marketer")


def test_channel_and_webhooks_are_chosen(browser) -> None:
    make_channel(900)
    job = uploaded(file_of([ASHA]))
    sent = columns(number="number") | {"channel": 900, "silent": "on"}
    browser.post(url("columns", job), sent)
    job.refresh_from_db()
    assert (job.channel_id, job.posts_webhooks) == (900, False)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 a spreadsheet", "Excel"),
        (b"MZ\x90\x00\x03", "no text file"),
        (b"number,name", "no rows"),
        (b"number,Name,NAME\n+34600111222,a,b", "rename one"),
        (b'number,name\n+34600111222,"Ana', "never closed"),
        (b"number\n" + b"a" * 250_000, "too long"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(browser, data, words) -> None:
    refused = upload(browser, data)
    assert refused.status_code == 422
    assert words in " ".join(errors_of(refused)["file"])
    assert not ImportJob.objects.exists()


def test_a_file_that_is_too_large_is_refused(browser, monkeypatch) -> None:
    monkeypatch.setattr(csv_files, "MAX_BYTES", 10)
    refused = upload(browser, file_of([ASHA]))
    assert (refused.status_code, list(errors_of(refused))) == (422, ["file"])


def test_no_file_is_refused(browser) -> None:
    refused = browser.post(reverse("list-import", args=[default_list().pk]))
    assert (refused.status_code, list(errors_of(refused))) == (422, ["file"])


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + f"Teléfono;Nota\r\n{ASHA};sí\r\n".encode(),
        f"Teléfono\tNota\r\n{ASHA}\tsí".encode("utf-16"),
        f'"Teléfono","Nota"\n"{ASHA}","sí, ""de verdad"""'.encode("cp1252"),
        f"Teléfono|Nota\r{ASHA}|sí\r".encode(),
    ],
)
def test_a_file_of_any_dialect_is_read(browser, data) -> None:
    upload(browser, data)
    job = ImportJob.objects.get()
    assert job.mapping == {"telefono": "number", "nota": "note"}
    browser.post(url("columns", job), columns(**job.mapping))
    browser.post(url("start", job))
    assert Entry.objects.get().note.startswith("sí")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (columns(number=""), "__all__"),
        (columns(number="number", mail="number"), "__all__"),
        (columns(number="bogus"), "column-number"),
        (columns(number="number") | {"channel": 77}, "channel"),
        (columns(number="number") | {"channel": ""}, "channel"),
    ],
)
def test_columns_that_make_no_sense_are_refused(browser, sent, field) -> None:
    job = uploaded(file_of([f"{ASHA},{LEENA}"], "number,mail"))
    refused = browser.post(url("columns", job), sent)
    assert (refused.status_code, list(errors_of(refused))) == (422, [field])
    job.refresh_from_db()
    assert job.state == ImportState.DRAFT


def test_a_column_may_be_called_as_a_field_of_the_form(browser) -> None:
    job = uploaded(file_of([f"{ASHA},101"], "number,channel"))
    sent = columns(number="number", channel="note")
    assert browser.post(url("columns", job), sent).status_code == 302
    job.refresh_from_db()
    assert (job.channel_id, job.mapping["channel"]) == (0, "note")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["", "errors"])
def test_each_page_is_for_who_may_import(role, name) -> None:
    job = uploaded(file_of([ASHA]))
    status = browser_of(role).get(url(name, job)).status_code
    assert status == (200 if role in IMPORTERS else 403)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["columns", "reopen", "start", "discard", "undo"])
def test_each_act_is_for_who_may_import(role, name) -> None:
    job = uploaded(file_of([ASHA]))
    status = browser_of(role).post(url(name, job)).status_code
    assert (status != 403) == (role in IMPORTERS)


@pytest.mark.parametrize("role", Role)
def test_list_and_upload_are_for_who_may_import(role) -> None:
    browser = browser_of(role)
    expected = 200 if role in IMPORTERS else 403
    assert browser.get(reverse("imports")).status_code == expected
    place = reverse("list-import", args=[default_list().pk])
    assert browser.get(place).status_code == expected
    assert (
        place in browser.get(f"/opt-out/{default_list().pk}/").content.decode()
    ) == (role in IMPORTERS)


def test_a_stranger_is_sent_to_the_log_in_page(client) -> None:
    job = uploaded(file_of([ASHA]))
    places = [url("", job), url("errors", job), reverse("imports")]
    places.append(reverse("list-import", args=[default_list().pk]))
    for place in places:
        assert client.get(place)["Location"].startswith("/login/")
    for name in ("columns", "start", "undo", "discard", "reopen"):
        assert client.post(url(name, job))["Location"].startswith("/login/")


def test_a_large_import_is_followed_until_it_is_done(browser, monkeypatch) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 0)
    job = uploaded(file_of([ASHA, RAHUL]))
    browser.post(url("columns", job), columns(number="number"))
    polled = HTMX | {"HX-Target": "progress"}
    running = browser.get(url("", job), headers=polled)
    assert "0 of 2" in text_of(running) and "HX-Refresh" not in running
    assert "<html" not in running.content.decode()
    work()
    assert browser.get(url("", job), headers=polled)["HX-Refresh"] == "true"


def test_a_running_import_is_told_on_the_page_of_its_list(browser, monkeypatch) -> None:
    monkeypatch.setattr(imports, "ROWS_AT_ONCE", 0)
    job = counted(file_of([ASHA]))
    browser.post(url("start", job))
    page = browser.get(f"/opt-out/{default_list().pk}/").content.decode()
    assert url("", job) in page


def test_an_import_can_be_undone_on_its_page(browser) -> None:
    job = imported(file_of([ASHA]))
    assert "Undo this import?" in browser.get(url("", job)).content.decode()
    browser.post(url("undo", job))
    shown = text_of(browser.get(url("", job)))
    assert "Undone: 1 removed" in shown
    assert not Entry.objects.filter(ended_at=None).exists()


def test_starting_before_the_count_is_refused(browser) -> None:
    job = uploaded(file_of([ASHA]))
    answer = browser.post(url("start", job), follow=True)
    assert "Wait until the rows are counted" in text_of(answer)
    assert not Entry.objects.exists()


def test_columns_of_a_finished_import_stay(browser) -> None:
    job = imported(file_of([ASHA]))
    answer = browser.post(url("columns", job), columns(number="number"), follow=True)
    assert "cannot be changed any more" in text_of(answer)


def test_a_discarded_import_is_gone_from_the_pages(browser) -> None:
    job = counted(file_of([ASHA]))
    browser.post(url("discard", job))
    assert browser.get(url("", job)).status_code == 404
    assert "No imports yet" in text_of(browser.get(reverse("imports")))


def test_the_error_file_has_the_bad_rows(browser) -> None:
    job = counted(file_of([ASHA, "nobody"]), listed=None)
    answer = browser.get(url("errors", job))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0] == '\ufeff"row","what is wrong","number"'
    assert len(lines) == 2 and lines[1].startswith('"3"')
    assert 'filename="people-errors.csv"' in answer["Content-Disposition"]


def test_a_masked_role_sees_no_whole_address(browser) -> None:
    Workspace.load()
    Workspace.objects.update(masked_roles=[Role.MARKETER], default_region="DE")
    rows = [f"{ASHA},{LEENA},Call {RAHUL}", "4915123456789,x,", "+49 1,y,"]
    job = uploaded(file_of(rows, "number,email,note"))
    shown = browser.get(url("", job)).content.decode()
    job = counted(file_of(rows, "number,email,note"))
    shown += b"".join(browser.get(url("errors", job)).streaming_content).decode()
    for address in (ASHA, LEENA, RAHUL, "4915123456789"):
        assert address not in shown and address.lstrip("+") not in shown


def test_hostile_names_and_cells_are_shown_as_text(browser) -> None:
    data = file_of([f"{ASHA},<script>alert(1)</script>"], "number,<img src=x>")
    upload(browser, data, name="<b>x</b>.csv")
    page = browser.get(url("", ImportJob.objects.get())).content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page
    assert "<b>x</b>" not in page


def test_a_very_long_file_name_is_kept_short(browser) -> None:
    upload(browser, file_of([ASHA]), name=LONG)
    assert len(ImportJob.objects.get().file_name) <= 200


def test_the_list_of_imports_asks_the_same_whatever_it_holds(browser) -> None:
    place = reverse("imports")
    for _ in range(3):
        imported(file_of([ASHA, "nobody"]))
    few = queries_of(browser, place)
    for _ in range(3):
        imported(file_of([ASHA, "nobody"]))
    assert queries_of(browser, place) == few


def test_the_list_of_imports_is_narrowed_to_one_list(browser, listed) -> None:
    imported(file_of([ASHA]), listed=listed)
    other = reverse("imports") + f"?list={default_list().pk}"
    assert "No imports yet" in text_of(browser.get(other))
    assert "people.csv" in text_of(browser.get(f"/imports/?list={listed.pk}"))
