"""The threads of one channel: as many calls at once as it may make, and none idle."""

import threading

import pytest

from optout import sender
from optout.addresses import AddressKind
from optout.channels.base import KINDS, Accepted, Outgoing, Transport
from optout.deadlines import Watchdog
from optout.models import Channel, MessageState, OutgoingMessage
from tests.factories import drain, make_batch, make_channel, queue
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 2
PEOPLE, BATCHES = 6, 2


class Watched(Transport):
    """Counts its calls; none ends before it was once seen that `is_so`."""

    kind = "watched"
    label = "Watched"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 970
    threads = THREADS
    counting = threading.Lock()
    at_once = most_at_once = 0
    seen = threading.Event()

    @staticmethod
    def is_so() -> bool:
        return True

    def send(self, message: Outgoing) -> Accepted:
        self.count(1)
        wait_until(
            lambda: self.seen.is_set() or self.is_so(), "what the calls wait for"
        )
        self.seen.set()
        self.count(-1)
        return Accepted("taken")

    @classmethod
    def count(cls, change: int) -> None:
        with cls.counting:
            cls.at_once += change
            cls.most_at_once = max(cls.most_at_once, cls.at_once)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setitem(KINDS, Watched.kind, Watched)
    monkeypatch.setattr(Watched, "most_at_once", 0)
    monkeypatch.setattr(Watched, "seen", threading.Event())
    channel = make_channel(970, kind=Watched.kind)
    for batch in [make_batch(channel) for _ in range(BATCHES)]:
        for number in range(PEOPLE):
            queue(batch, f"+34600222{number:03d}")
    return channel


def count(state: MessageState) -> int:
    return OutgoingMessage.objects.filter(state=state).count()


def test_as_many_calls_are_made_at_once_as_the_channel_may(
    watched: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watched, "is_so", lambda _: Watched.at_once == THREADS)
    drain()
    assert Watched.most_at_once == THREADS
    assert count(MessageState.SENT) == PEOPLE * BATCHES


def test_the_next_claim_is_made_while_the_last_is_being_sent(
    watched: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = PEOPLE * BATCHES
    monkeypatch.setattr(Watched, "is_so", lambda _: count(MessageState.SENDING) == both)
    drain()
    assert count(MessageState.SENT) == PEOPLE * BATCHES


def test_a_call_beyond_them_waits_for_a_transport(watched: Channel) -> None:
    crew = sender.Crew(watched, Watchdog())
    assert crew.most_threads > THREADS
    with crew.transport() as one, crew.transport() as other:
        assert one is not other
        assert crew.free.empty()
    assert crew.free.qsize() == THREADS


def test_a_claim_is_no_more_than_a_second_of_work_ahead(watched: Channel) -> None:
    crew = sender.Crew(watched, Watchdog())
    assert crew.appetite() == sender.MOST_PER_CLAIM  # nothing is known of its calls
    crew.note_call(0.5)
    assert crew.appetite() == THREADS + 4
    crew.note_call(100)
    assert crew.appetite() == THREADS  # a call for each, and none waits
