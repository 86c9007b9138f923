"""kill -9 at each named moment: every window is hit, and nothing is lost or doubled."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.db.models import Count

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Stage
from optout.access import Role, create_api_key
from optout.actors import NOBODY
from optout.models import (
    Channel,
    DeliveryState,
    Entry,
    MessageState,
    OptOutList,
    OutgoingMessage,
    WebhookDelivery,
    default_list,
    live_entries,
)
from teambox.models import EventState, InboundEvent
from tests.broadcaster.conftest import csv_of, numbers
from tests.factories import make_list, opt_out
from tests.faults import program
from tests.faults.conftest import WebProcess, Yard, queue_messages
from tests.faults.knobs import SHORT_LEASES
from tests.invariants import assert_invariants_hold
from tests.sequencing import AT_ONCE, enrol, make_sequence
from tests.servers import Receiver
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PEOPLE = 40
SENDER, OPT_OUT, PUMPS = "program:send", "program:opt_out", "pumps:work"
# Small enough for an audience and a list to have several.
SMALL_CHUNKS = {
    "broadcaster.preparing.CHUNK_ROWS": 100,
    "optout.list_deletion.CHUNK": 100,
}


@pytest.fixture(autouse=True)
def _small_and_sound(yard: Yard) -> Iterator[None]:
    yard.turned |= SHORT_LEASES | SMALL_CHUNKS
    yield
    yard.stop()
    assert_invariants_hold()


def states() -> Counter[str]:
    return Counter(OutgoingMessage.objects.values_list("state", flat=True))


def accepts(yard: Yard) -> Counter[int]:
    return Counter(c.message_id for c in yard.calls() if c.event == "accept")


# A sender


@pytest.mark.parametrize(
    ("point", "left_in"),
    [
        ("before_mark_is_committed", MessageState.QUEUED),
        ("after_mark", MessageState.SENDING),
        ("before_call:7", MessageState.SENDING),
        ("after_accept:7", MessageState.SENDING),
        ("after_result:7", MessageState.SENT),
    ],
)
def test_a_sender_killed_at_any_moment_leaves_each_message_to_leave_once(
    yard: Yard, channel: Channel, point: str, left_in: MessageState
) -> None:
    total = queue_messages(channel, people=PEOPLE, batches=1)
    yard.crash_at(point, SENDER)
    assert states()[left_in] > 0
    yard.start_pumps()
    with yard.tally.recovering():
        wait_until(lambda: states() == {MessageState.SENT: total})
    yard.assert_each_left_once(total)


def test_what_the_provider_took_unseen_is_asked_about_and_not_sent_again(
    yard: Yard, channel: Channel
) -> None:
    queue_messages(channel, people=PEOPLE, batches=1)
    yard.crash_at("after_accept", SENDER)
    taken = set(accepts(yard))
    sending = OutgoingMessage.objects.filter(pk__in=taken, state=MessageState.SENDING)
    assert sending.exists(), "nothing was taken that is not written down"
    yard.start_pumps()
    wait_until(lambda: states() == {MessageState.SENT: PEOPLE})
    asked = OutgoingMessage.objects.filter(pk__in=taken, attempt=1)
    assert asked.count() == len(taken), "each was settled by the first attempt"


# An opt-out and its webhook


@pytest.fixture
def receiver(yard: Yard) -> Iterator[Receiver]:
    with Receiver() as found:
        yard.turned |= {
            "django.conf.settings.OUTBOUND_ALLOWED_HOSTS": [found.netloc],
            "django.conf.settings.WEBHOOK_ALLOW_HTTP": True,
        }
        yield found


@pytest.fixture
def hooked(yard: Yard, receiver: Receiver) -> OptOutList:
    """A list with a webhook; it is what the children opt people out of."""
    row = make_list()
    yard.environment[program.LIST_VARIABLE] = str(row.pk)
    row.webhook_url = f"{receiver.url}/opt-outs"
    row.save()
    return row


@pytest.mark.parametrize("point", ["after_commit", "before_barrier"])
def test_an_opt_out_whose_process_died_after_the_commit_is_told_to_the_receiver(
    yard: Yard, channel: Channel, receiver: Receiver, hooked: OptOutList, point: str
) -> None:
    yard.crash_at(point, OPT_OUT, 0, 1)
    assert live_entries().get().list == hooked
    yard.start_pumps()
    wait_until(lambda: bool(receiver.requests))
    wait_until(lambda: WebhookDelivery.objects.get().state == DeliveryState.DELIVERED)


def test_an_opt_out_whose_process_died_before_the_commit_left_no_trace(
    yard: Yard, channel: Channel, hooked: OptOutList
) -> None:
    yard.crash_at("before_opt_out_is_committed", OPT_OUT, 0, 1)
    assert not Entry.objects.exists()
    assert not WebhookDelivery.objects.exists()
    assert yard.returned() == []


@pytest.mark.parametrize(("point", "posts"), [("before_post", 1), ("after_answer", 2)])
def test_a_webhook_whose_worker_died_is_posted_again_under_the_same_id(
    yard: Yard, receiver: Receiver, hooked: OptOutList, point: str, posts: int
) -> None:
    opt_out(program.phone(1), hooked)
    yard.crash_at(point, PUMPS)
    yard.start_pumps()
    wait_until(lambda: WebhookDelivery.objects.get().state == DeliveryState.DELIVERED)
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids == [WebhookDelivery.objects.get().webhook_id] * posts


# The web process


@pytest.fixture
def stop() -> dict[str, str]:
    return {"from": program.phone(1), "text": "STOP", "message_id": "wamid.1"}


@pytest.mark.parametrize(
    ("point", "stored"),
    [
        ("before_event_is_committed", False),
        ("before_event_is_handled", True),
        ("before_opt_out_is_committed", True),
        ("after_event_is_handled", True),
    ],
)
def test_a_stop_whose_web_process_died_has_one_effect_once_the_provider_repeats_it(
    yard: Yard, channel: Channel, stop: dict[str, str], point: str, stored: bool
) -> None:
    _, key = create_api_key(name="provider", role=Role.ADMIN)
    with WebProcess(yard, key, crash_at=point) as web:
        assert web.post(f"/api/v1/inbound/{channel.pk}/", stop) is None
        assert InboundEvent.objects.exists() == stored
        yard.start_pumps()
        wait_until(lambda: not stored or live_entries().exists())
        answer = web.post(f"/api/v1/inbound/{channel.pk}/", stop)
    assert answer is not None and answer.status_code in (200, 202)
    assert live_entries().get().list == default_list()
    assert InboundEvent.objects.get().state == EventState.DONE


# A tick of a sequence


@pytest.mark.parametrize("point", ["inside_a_tick", "inside_a_chunk"])
def test_a_tick_whose_worker_died_is_undone_and_each_step_leaves_once(
    yard: Yard, channel: Channel, point: str
) -> None:
    row = make_sequence(channel, AT_ONCE)
    for number in range(PEOPLE):
        enrol(row, program.phone(number))
    yard.crash_at(point, PUMPS)
    assert not OutgoingMessage.objects.exists()
    yard.start_pumps()
    wait_until(lambda: row.enrolments.filter(end_reason="completed").count() == PEOPLE)
    yard.assert_each_left_once(PEOPLE)


# An audience, and a list that is deleted


@pytest.mark.parametrize("point", ["inside_a_chunk:2", "between_chunks:2"])
def test_an_audience_whose_worker_died_goes_on_and_holds_each_row_once(
    yard: Yard, channel: Channel, settings, monkeypatch, point: str
) -> None:
    settings.MEDIA_ROOT = yard.folder
    yard.turned["django.conf.settings.MEDIA_ROOT"] = str(yard.folder)
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)  # leaves it to a worker
    row = big_draft(channel, rows=350)
    yard.crash_at(point, PUMPS)
    assert Broadcast.objects.get().stage == Stage.PREPARING
    yard.start_pumps()
    wait_until(lambda: Broadcast.objects.get().stage == Stage.READY)
    row.refresh_from_db()
    assert (row.rows_read, row.rows_duplicate, row.rows_invalid) == (352, 1, 1)
    assert row.batch.messages.count() == 350
    assert row.batch.messages.values("key").distinct().count() == 350


def big_draft(channel: Channel, *, rows: int) -> Broadcast:
    """A draft that a worker is to prepare, with a double and a bad row."""
    made = broadcasts.create(name="Sale", channel=channel, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    cells = [*numbers(rows), numbers(1)[0], "nobody"]
    broadcasts.set_recipients(made, csv_of(cells), file_name="people.csv")
    preparing.prepare(made)
    return made


def test_a_deletion_whose_worker_died_moves_each_entry_once(
    yard: Yard, channel: Channel
) -> None:
    gone, kept = make_list("Gone", "GONE OFF"), make_list("Kept", "KEPT OFF")
    for number in range(250):
        opt_out(program.phone(number), gone)
    yard.crash_at("inside_a_move:2", "program:delete_list", gone.pk, kept.pk)
    yard.start_pumps()
    wait_until(lambda: not live_entries().filter(list=gone).exists())
    per_key = live_entries().values("key").annotate(n=Count("id"))
    assert [row["n"] for row in per_key] == [1] * 250
    assert set(live_entries().values_list("list", flat=True)) == {kept.pk}
