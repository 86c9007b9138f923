"""Who opted out because of a broadcast: by its link, or by answering it."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from broadcaster import preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import attribution, links, list_deletion
from optout.access import Role
from optout.actors import NOBODY
from optout.models import (
    Entry,
    Hold,
    LedgerEvent,
    Purpose,
    default_list,
    live_entries,
)
from teambox.models import Line
from tests.broadcaster.conftest import numbers
from tests.factories import drain, make_batch, make_channel, opt_out, queue
from tests.page_clients import browser_of
from tests.teambox.people import UNCLEAR, minute, say
from tests.teambox.replies import NO_OFFERS, adding, make_reply

pytestmark = pytest.mark.django_db
[ANA, BEN, CAROL] = numbers(3)
LEENA = "leena@example.org"


def send(made: Broadcast) -> Broadcast:
    preparing.launch(made, actor=NOBODY)
    drain()
    return made


@pytest.fixture
def sent(draft) -> Broadcast:
    """A broadcast that three people got."""
    return send(draft())


@pytest.fixture
def mailed(draft, mailbox) -> Broadcast:
    """A broadcast that one person got by email, with its unsubscribe link."""
    words = Words(subject="Sale", text="Sale!")
    return send(draft([LEENA], header="email", channel=mailbox, words=words))


def caused(made: Broadcast) -> int:
    return attribution.caused_counts([made.batch])[made.batch_id]


def link(made: Broadcast, name: str) -> str:
    return reverse(name, args=[links.token(made.batch.messages.get().pk)])


# Answers


@pytest.mark.parametrize("text", ["STOP", "please stop", "remove me from your list"])
def test_an_answer_that_opts_out_counts_for_the_broadcast(text, sent, phone):
    say(phone, text, sender=ANA)
    assert caused(sent) == 1
    message = sent.batch.messages.get(address=ANA)
    assert Entry.objects.get().message == message
    assert LedgerEvent.objects.latest("id").facts["outgoing"] == message.pk


def test_an_answer_counts_for_the_latest_broadcast_alone(draft, sent, phone):
    later = send(draft())
    say(phone, "STOP", sender=ANA)
    assert (caused(sent), caused(later)) == (0, 1)


def test_what_was_written_before_the_broadcast_does_not_count(sent, phone):
    say(phone, "STOP", sender=ANA, sent_at=minute(1))
    assert (caused(sent), Entry.objects.count()) == (0, 1)


@pytest.mark.parametrize(("days", "count"), [(6, 1), (8, 0)])
def test_an_answer_counts_for_a_week(days, count, sent, phone):
    sent.batch.messages.update(sent_at=F("sent_at") - timedelta(days=days))
    say(phone, "STOP", sender=ANA)
    assert caused(sent) == count


def test_an_answer_on_another_channel_does_not_count(sent):
    say(make_channel(902), "STOP", sender=ANA)
    assert (caused(sent), Entry.objects.count()) == (0, 1)


def test_somebody_who_got_nothing_answers_nothing(draft, promotions, phone):
    opt_out(ANA)
    made = send(draft())
    say(phone, "PROMO OFF", sender=ANA)
    assert (caused(made), Entry.objects.count()) == (0, 2)


def test_an_agents_reply_makes_nobody_opt_out(phone):
    queue(make_batch(phone, purpose=Purpose.REPLY), ANA)
    drain()
    say(phone, "STOP", sender=ANA)
    assert Entry.objects.get().message is None


def test_a_second_stop_counts_no_second_time(sent, phone):
    say(phone, "STOP", sender=ANA)
    say(phone, "STOP", sender=ANA)
    say(phone, "STOP", sender=BEN)
    assert caused(sent) == 2


def test_a_smart_replys_opt_out_counts(sent, phone, promotions):
    make_reply(NO_OFFERS, actions=(adding(default_list(), promotions),))
    say(phone, NO_OFFERS, sender=ANA)
    assert (caused(sent), live_entries().count()) == (1, 2)


def test_a_review_counts_for_what_was_answered_then(draft, sent, phone):
    say(phone, UNCLEAR, sender=ANA)
    later = send(draft([BEN]))
    browser_of(Role.AGENT).post(f"/review/{Hold.objects.get().pk}/opt-out/")
    assert (caused(sent), caused(later), live_entries().count()) == (1, 0, 1)


def test_an_opt_out_from_a_message_counts(sent, phone):
    say(phone, "No more of this", sender=ANA)
    line = Line.objects.get(kind="inbound")
    place = f"/teambox/{line.conversation_id}/lines/{line.pk}/opt-out/"
    asked = {"lists": [default_list().pk], "channel": phone.pk}
    browser_of(Role.AGENT).post(place, asked)
    assert (caused(sent), live_entries().count()) == (1, 1)


def test_staff_who_opt_somebody_out_are_not_caused_by_it(sent):
    opt_out(ANA)
    assert caused(sent) == 0


# Links


def test_the_unsubscribe_link_counts_also_once_it_was_taken_back(
    client: Client, mailed
):
    client.post(link(mailed, "unsubscribe-leave"))
    assert caused(mailed) == 1
    client.post(link(mailed, "unsubscribe-back"))
    assert (caused(mailed), live_entries().count()) == (1, 0)


def test_the_links_way_back_leaves_what_the_person_wrote(
    client: Client, mailed, mailbox
):
    say(mailbox, "STOP", sender=LEENA)
    assert Entry.objects.get().message == mailed.batch.messages.get()
    client.post(link(mailed, "unsubscribe-back"))
    assert live_entries().count() == 1


def test_a_list_that_is_deleted_changes_no_count(sent, phone, promotions):
    say(phone, "PROMO OFF", sender=ANA)
    list_deletion.delete(promotions, move_to=default_list())
    assert (caused(sent), Entry.objects.count()) == (1, 2)
    assert attribution.caused_by([sent.batch]).count() == 1


# Cost


def test_a_broadcast_nobody_got_caused_nothing(draft):
    assert caused(draft()) == 0
