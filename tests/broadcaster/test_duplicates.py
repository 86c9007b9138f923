"""Duplicating: what a copy takes along, and what it leaves behind."""

from datetime import UTC, datetime, time

import pytest

from broadcaster import broadcasts, preparing
from broadcaster.duplicates import duplicate
from broadcaster.models import Broadcast, Stage
from optout.actors import Actor
from optout.models import SandboxMessage, SendingHours, default_list
from tests.broadcaster.conftest import numbers
from tests.factories import drain

pytestmark = pytest.mark.django_db

MARA = Actor(label="mara")


def test_a_copy_says_the_same_to_the_same_people(draft, promotions):
    made = draft(numbers(2))
    broadcasts.set_lists(
        made,
        [default_list().pk, promotions.pk],
        unsubscribe_list_id=promotions.pk,
    )
    preparing.launch(made, actor=MARA)
    copy = duplicate(made, actor=MARA)
    assert (copy.name, copy.text, copy.created_label) == (
        "Copy of Sale",
        made.text,
        "mara",
    )
    assert set(copy.batch.lists.all()) == {default_list(), promotions}
    assert copy.batch.unsubscribe_list == promotions
    preparing.launch(copy, actor=MARA)
    drain()
    assert SandboxMessage.objects.count() == 4


def test_a_copy_has_its_own_file(draft):
    made = draft(numbers(2))
    copy = duplicate(made, actor=MARA)
    before = made.recipients.name
    assert copy.recipients.name != before
    made.recipients.storage.delete(before)
    preparing.prepare(copy)
    assert copy.rows_read == 2


def test_a_copy_keeps_the_pace_and_no_schedule(draft):
    hours = SendingHours.objects.create(opens=time(9), closes=time(18), zone="UTC")
    made = draft()
    broadcasts.set_pace(made, rate=5, hours=hours)
    broadcasts.schedule(made, datetime(2099, 1, 1, tzinfo=UTC), "Europe/Madrid")
    preparing.prepare(made)
    copy = duplicate(made, actor=MARA)
    assert (copy.batch.rate, copy.batch.hours) == (5, hours)
    assert (copy.scheduled_at, copy.zone) == (None, "")
    assert (copy.stage, copy.rows_read, copy.at_launch) == (Stage.DRAFT, 0, {})
    assert not copy.batch.messages.exists()


def test_a_copy_selects_the_default_list_again(draft, promotions):
    made = draft()
    broadcasts.set_lists(made, [promotions.pk], skip_default="Recall")
    copy = duplicate(made, actor=MARA)
    assert set(copy.batch.lists.all()) == {default_list(), promotions}
    assert copy.batch.skip_default_reason == ""


def test_a_long_name_is_cut_and_a_copy_of_a_copy_is_one(draft):
    made = draft()
    Broadcast.objects.update(name="x" * 100)
    made.refresh_from_db()
    copy = duplicate(duplicate(made, actor=MARA), actor=MARA)
    assert copy.name.startswith("Copy of Copy of xxx")
    assert len(copy.name) == 100
    assert copy.batch.label == copy.name
