"""An old provider's spreadsheet, imported from the page: exact counts, error file."""

import csv
import io
import os
import random
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from optout import tasks
from optout.access import Role
from optout.models import (
    ImportJob,
    OutgoingMessage,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.factories import opt_out
from tests.page_clients import browser_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# IMPORT_ROWS=80000 for the size that people have.
ROWS = int(os.environ.get("IMPORT_ROWS") or 2_400)
BAD = ROWS // 400
TWICE = ROWS // 20
PEOPLE = ROWS - TWICE - BAD
LISTED_BEFORE = 100
SEED = 131026
NOBODY = ["nobody", "=HYPERLINK(1)", "600 111", "+999 1", "1.41556E+10", ""]


def number(index: int) -> str:
    return f"+34600{index:06d}"


def spelled(plain: str, chance: random.Random) -> str:
    """The number as one of many clerks typed it."""
    digits = plain[3:]
    return chance.choice(
        [
            plain,
            f"0034{digits}",
            f"34{digits}",
            f"tel:+34-{digits[:3]}-{digits[3:]}",
            f"+34 ({digits[:3]}) {digits[3:6]} {digits[6:]}",
            f"'+34.{digits}",
        ]
    )


def old_list() -> bytes:
    """Rows in no order: people, some of them twice in other spellings, bad rows."""
    chance = random.Random(SEED)
    people = [number(index) for index in range(PEOPLE)]
    cells = [spelled(one, chance) for one in people + people[:TWICE]]
    cells += [NOBODY[index % len(NOBODY)] for index in range(BAD)]
    chance.shuffle(cells)
    text = io.StringIO()
    rows = csv.writer(text, delimiter=";")
    rows.writerow(["Teléfono móvil", "Motivo"])
    rows.writerows([cell, "baja; por teléfono"] for cell in cells)
    return text.getvalue().encode("cp1252")


@pytest.fixture
def browser(settings: Any, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = tmp_path
    return browser_of(Role.MARKETER)


def imported(browser: Client, *, until: str) -> ImportJob:
    """Through the pages, the worker in between."""
    upload = {"file": SimpleUploadedFile("bajas.csv", old_list())}
    browser.post(reverse("list-import", args=[default_list().pk]), upload)
    job = ImportJob.objects.get()
    columns = {f"column-{name}": role for name, role in job.mapping.items()}
    browser.post(reverse("import-columns", args=[job.pk]), columns | {"channel": 0})
    tasks.work_imports()
    browser.post(reverse("import-start", args=[job.pk]))
    tasks.work_imports()
    job.refresh_from_db()
    assert job.state == until
    return job


def shown(browser: Client, job: ImportJob) -> dict[str, int]:
    """The numbers of the page, by their labels."""
    page = browser.get(reverse("import", args=[job.pk]))
    return {figure.label: figure.number for figure in page.context["figures"]}


def error_file(browser: Client, job: ImportJob) -> list[dict[str, str]]:
    answer = browser.get(reverse("import-errors", args=[job.pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def listed_before() -> None:
    """The default list has a webhook, and some of these people."""
    for index in range(LISTED_BEFORE):
        opt_out(number(index))
    row = default_list()
    row.webhook_url = "https://example.org/hook"
    row.save()


@pytest.mark.usefixtures("listed_before")
def test_an_old_providers_list_is_imported_with_exact_counts(browser: Client) -> None:
    job = imported(browser, until="done")
    assert shown(browser, job) == {
        "Added": PEOPLE - LISTED_BEFORE,
        "Already on the list": LISTED_BEFORE,
        "Duplicate": TWICE,
        "Bad rows": BAD,
        "Rows in the file": ROWS,
    }
    assert live_entries().count() == PEOPLE
    assert WebhookDelivery.objects.count() == PEOPLE - LISTED_BEFORE
    assert not OutgoingMessage.objects.exists()
    wrong = error_file(browser, job)
    assert len(wrong) == BAD
    assert {one["Teléfono móvil"].lstrip("'") for one in wrong} == set(NOBODY)
    assert all(one["what is wrong"] and int(one["row"]) > 1 for one in wrong)
    browser.post(reverse("import-undo", args=[job.pk]))
    tasks.work_imports()
    assert live_entries().count() == LISTED_BEFORE
