"""Broadcasts and sequences in the admin: seen, and written by their flows alone."""

from collections.abc import Callable
from datetime import time

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from broadcaster import broadcasts, enrolment_jobs, enrolments, ticking
from broadcaster.models import (
    Broadcast,
    Enrolment,
    EnrolmentJob,
    EnrolmentSource,
    EnrolmentStep,
    ProgressPoint,
    Sequence,
    Step,
)
from optout import addresses, hours
from optout.access import Role
from optout.actors import NOBODY
from optout.models import Channel, SendingHours
from tests.broadcaster.test_actions import make_sequence
from tests.factories import ASHA
from tests.page_clients import browser_of, queries_of

pytestmark = pytest.mark.django_db
SEEN = [
    Broadcast,
    Enrolment,
    EnrolmentJob,
    ProgressPoint,
    SendingHours,
    Sequence,
    Step,
]


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def rows(phone: Channel, draft: Callable[..., Broadcast]) -> Sequence:
    """One of each, made as the product makes it."""
    sequence = make_sequence(phone, "<b>Hello</b>")
    enrol(sequence, ASHA)
    ticking.tick()
    enrolment_jobs.start(sequence, {"all": True}, actor=NOBODY)
    kept = hours.find(opens=time(9), closes=time(20), zone="Europe/Madrid")
    broadcast = draft(text="<b>Hello</b>")
    broadcasts.set_pace(broadcast, rate=5, hours=kept)
    ProgressPoint.objects.create(broadcast=broadcast, counts={"total": 3})
    return sequence


def enrol(sequence: Sequence, number: str) -> None:
    source, address = EnrolmentSource.HAND, addresses.parse(number)
    enrolments.enrol(sequence, address, source=source, actor=NOBODY)


def url_of(model: type[Model], page: str, *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


def test_every_table_of_this_floor_is_here() -> None:
    ours = {m for m in admin.site._registry if m._meta.app_label == "broadcaster"}
    tables = set(apps.get_app_config("broadcaster").get_models())
    assert tables - ours == {EnrolmentStep}  # shown with its enrolment


@pytest.mark.parametrize("model", SEEN)
def test_lists_and_rows_open(root: Client, rows: Sequence, model: type[Model]) -> None:
    row = model._default_manager.get()
    listed = root.get(url_of(model, "changelist"), {"q": "a"})
    opened = root.get(url_of(model, "change", row.pk))
    assert (listed.status_code, opened.status_code) == (200, 200)
    assert b"<b>Hello</b>" not in listed.content + opened.content


@pytest.mark.once
@pytest.mark.parametrize("model", SEEN)
def test_what_a_flow_writes_is_not_written_here(
    root: Client, rows: Sequence, model: type[Model]
) -> None:
    row = model._default_manager.get()
    assert root.post(url_of(model, "add"), {}).status_code == 403
    assert root.post(url_of(model, "change", row.pk), {}).status_code == 403
    assert root.post(url_of(model, "delete", row.pk), {}).status_code == 403


def test_enrolments_are_found_by_address_and_filtered(
    root: Client, rows: Sequence
) -> None:
    page = root.get(url_of(Enrolment, "changelist"), {"q": ASHA, "state": "sending"})
    assert ASHA in page.content.decode()
    page = root.get(url_of(Enrolment, "changelist"), {"end_reason": "opted_out"})
    assert ASHA not in page.content.decode()


def test_the_list_of_enrolments_asks_as_often_for_many(
    root: Client, rows: Sequence
) -> None:
    few = queries_of(root, url_of(Enrolment, "changelist"))
    for number in range(4):
        enrol(rows, f"+3460011133{number}")
    assert queries_of(root, url_of(Enrolment, "changelist")) == few


def test_who_is_no_staff_has_no_admin(db: None) -> None:
    answer = browser_of(Role.ADMIN).get(url_of(Sequence, "changelist"))
    assert answer.status_code == 302
