"""The dashboard: its numbers, what each role sees of them, and what they cost."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from broadcaster import broadcasts, preparing, reports
from broadcaster.broadcasts import Words
from optout import activity, lifts, list_deletion, overview, webhooks
from optout.access import Role
from optout.activity import DOORS
from optout.actors import NOBODY
from optout.addresses import parse
from optout.lifts import Power
from optout.models import (
    DeliveryState,
    Entry,
    MessageState,
    OutgoingMessage,
    Source,
    WebhookDelivery,
    default_list,
)
from teambox.models import EventState, InboundEvent
from tests.factories import (
    ASHA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
)
from tests.page_clients import browser_of, text_of
from tests.teambox.people import UNCLEAR, say

pytestmark = pytest.mark.django_db
ALL_POWER = Power(guarded=True, legal=True)


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def home(client: Client):
    """The dashboard as a role sees it."""

    def read(role: Role = Role.ADMIN) -> str:
        user, _ = User.objects.get_or_create(username=role.lower())
        user.groups.set([Group.objects.get(name=role)])
        client.force_login(user)
        return client.get("/").content.decode()

    return read


def test_a_stranger_is_sent_to_the_log_in_page(client: Client) -> None:
    assert client.get("/")["Location"] == "/login/?next=/"


@pytest.mark.parametrize("role", Role)
def test_each_role_has_a_dashboard(home, role: Role) -> None:
    assert "People on lists" in home(role)


def test_an_agent_sees_neither_webhooks_nor_broadcasts(home) -> None:
    shown = home(Role.AGENT)
    assert "Webhooks" not in shown
    assert "Latest broadcasts" not in shown


def test_what_waits_for_a_decision_and_what_was_given_up_is_shown() -> None:
    sms = make_channel()
    say(sms, UNCLEAR)
    say(sms, "Hello", sender=RAHUL)
    InboundEvent.objects.filter(text="Hello").update(state=EventState.FAILED)
    shown = {role: text_of(browser_of(role).get("/")) for role in Role}
    assert "Waiting for review 1" in shown[Role.AGENT]
    assert "Inbound given up 1 need a look" in shown[Role.COMPLIANCE]
    assert "Inbound given up" not in shown[Role.MARKETER]


def test_a_person_on_two_lists_is_counted_once() -> None:
    opt_out(ASHA, default_list(), make_list())
    opt_out(RAHUL)
    assert activity.people() == 2


def test_opt_outs_are_counted_on_their_day_by_their_door() -> None:
    opt_out(ASHA, source=Source.KEYWORD)
    opt_out(RAHUL, source=Source.API)
    yesterday = timezone.now() - timedelta(days=1)
    Entry.objects.filter(source=Source.API).update(created_at=yesterday)
    counted = activity.opt_outs()
    assert counted.by_door["Messages"][-2:] == (0, 1)
    assert counted.by_door["Systems"][-2:] == (1, 0)
    assert counted.total == 2


def test_opt_outs_before_the_thirty_days_are_left_out() -> None:
    opt_out(ASHA)
    Entry.objects.update(created_at=timezone.now() - timedelta(days=activity.DAYS))
    assert activity.opt_outs().total == 0


def test_an_opt_out_that_ended_still_counts_as_one() -> None:
    opt_out(ASHA)
    lifts.lift(
        Entry.objects.values_list("pk", flat=True), source=Source.PAGE, power=ALL_POWER
    )
    assert activity.opt_outs().total == 1


def test_the_mark_of_a_start_is_no_opt_out() -> None:
    lifts.come_back(
        address=parse(ASHA),
        channel_id=make_channel().pk,
        list_id=default_list().pk,
        asked_at=timezone.now(),
        source=Source.KEYWORD,
    )
    assert activity.opt_outs().total == 0


def test_entries_of_a_deleted_list_are_counted_once() -> None:
    promotions = make_list()
    opt_out(ASHA, promotions)
    list_deletion.delete(promotions, move_to=default_list(), reason="", actor=NOBODY)
    assert activity.opt_outs().total == 1


def test_every_source_of_an_entry_belongs_to_one_door() -> None:
    sources = [source for group in DOORS.values() for source in group]
    assert sorted(sources) == sorted(set(Source) - {Source.MOVE})


def test_the_table_under_the_chart_begins_with_today() -> None:
    opt_out(ASHA, source=Source.KEYWORD)
    day, counts = activity.opt_outs().rows[0]
    assert day == timezone.localdate()
    assert counts == [1, 0, 0, 0, 0, 1]


def test_webhooks_that_wait_and_that_failed_are_told_apart() -> None:
    promotions = make_list()
    for _ in range(3):
        webhooks.announce_test(promotions)
    failed = WebhookDelivery.objects.first()
    WebhookDelivery.objects.filter(pk=failed.pk).update(state=DeliveryState.EXHAUSTED)
    assert activity.deliveries() == activity.Deliveries(waiting=2, held=0, failed=1)


def test_messages_nobody_knows_the_fate_of_are_counted(home) -> None:
    queue(make_batch(make_channel()), ASHA)
    OutgoingMessage.objects.update(state=MessageState.UNKNOWN)
    assert activity.unknown_messages() == 1
    assert "need a look" in home()


def test_lists_that_no_send_uses_are_named(home) -> None:
    unused = make_list("Left alone")
    make_batch(make_channel(), default_list(), make_list("Used", "USED OFF"))
    assert overview.unused_lists() == [unused]
    assert "Left alone" in home(Role.AGENT)


def test_an_empty_installation_is_told_how_to_start(home) -> None:
    shown = home()
    assert "Getting started" in shown
    assert 'href="/channels/"' in shown


def test_an_installation_in_use_is_not_told_how_to_start(home) -> None:
    broadcasts.create(name="Sale", channel=make_channel(), actor=NOBODY)
    assert "Getting started" not in home()


def test_the_latest_broadcasts_tell_how_many_had_opted_out(home) -> None:
    made = broadcasts.create(name="Sale", channel=make_channel(), actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    people = BytesIO(f"number\n{ASHA}\n{RAHUL}\n".encode())
    broadcasts.set_recipients(made, people, file_name="people.csv")
    opt_out(ASHA)
    preparing.prepare(made)
    preparing.launch(made, actor=NOBODY)
    drain()
    assert [(row, got.handed_over) for row, got in reports.latest(5)] == [(made, 1)]
    assert "50%" in home(Role.COMPLIANCE)


def test_twice_as_many_rows_take_no_more_queries(home) -> None:
    fill(0)
    home()
    before = count_queries(home)
    fill(1)
    assert count_queries(home) == before


def fill(number: int) -> None:
    """A list, a broadcast, an opt-out and a webhook."""
    channel = make_channel(900 + number)
    broadcasts.create(name=f"Sale {number}", channel=channel, actor=NOBODY)
    listed = make_list(f"List {number}", f"LEAVE {number}")
    opt_out(f"+3460011100{number}", listed)
    webhooks.announce_test(listed)


def count_queries(home) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        home()
    return len(queries)
