"""Deciding what is under review, from the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from optout import addresses, holds
from optout.models import (
    Channel,
    Hold,
    HoldState,
    LedgerEvent,
    LedgerKind,
    Reason,
    Source,
    default_list,
    live_entries,
)
from tests.factories import ASHA, make_batch, make_channel, queue, sent_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def sms() -> Channel:
    return make_channel()


@pytest.fixture
def hold(sms: Channel) -> Hold:
    asha = addresses.parse(ASHA)
    return holds.hold(
        address=asha, channel_id=sms.pk, text="stop it?", reason="unclear"
    )


def decide(hold: Hold, action: str) -> None:
    browser = Client()
    browser.force_login(User.objects.create_superuser("root"))
    chosen = {"action": action, "_selected_action": [hold.pk]}
    browser.post(reverse("admin:optout_hold_changelist"), chosen)
    hold.refresh_from_db()


def test_an_opt_out_stands_on_the_default_list_as_the_persons_own(hold: Hold) -> None:
    decide(hold, "opt_out")
    entry = live_entries().get()
    assert (entry.list, entry.channel_id) == (default_list(), hold.channel_id)
    assert (entry.reason_code, entry.source) == (Reason.PERSON, Source.REVIEW)
    assert (hold.state, hold.decided_by) == (HoldState.OPTED_OUT, "root")


def test_after_a_dismissal_marketing_goes_on(hold: Hold, sms: Channel) -> None:
    decide(hold, "dismiss")
    queue(make_batch(sms), ASHA)
    assert sent_texts(sms) == ["Hello"]
    assert LedgerEvent.objects.filter(kind=LedgerKind.DISMISSED).count() == 1


def test_what_was_decided_is_not_decided_again(hold: Hold) -> None:
    decide(hold, "dismiss")
    User.objects.all().delete()
    decide(hold, "opt_out")
    assert hold.state == HoldState.DISMISSED
    assert not live_entries().exists()
