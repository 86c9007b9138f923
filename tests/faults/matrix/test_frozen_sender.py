"""A sender is frozen in its batch for longer than its lease, and wakes: row 9.

It starts no call for what it holds: another has taken that over meanwhile. What no
lease can prevent is one call for each thread that was frozen between its last look at
the clock and its first byte on the wire. Only a provider that takes a key of ours could
refuse those. The opt-out says so: it names them as in flight until their leases end.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from optout.models import MessageState, OutgoingMessage
from tests.faults.http_provider import Manners
from tests.faults.matrix.site import EVERYTHING, Site
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PEOPLE = 60
LEAVERS = 4
THREADS = 4  # of the provider's transport
HANDS = 6  # two more write down what it said


def is_at_rest() -> bool:
    """Whether nobody is inside a transaction, whose locks would be frozen with it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            )
            return cursor.fetchone() is None
        cursor.execute("PRAGMA busy_timeout = 50")
        try:
            with transaction.atomic():
                return True
        except OperationalError:
            return False
        finally:
            cursor.execute("PRAGMA busy_timeout = 20000")


def held_by_frozen(site: Site) -> list[OutgoingMessage]:
    """Freeze the worker with a claim in its hands; what it has not begun to send."""

    def freeze() -> bool:
        site.installation.freeze("worker")
        if is_at_rest() and len(claimed()) >= HANDS + LEAVERS:
            return True
        site.installation.thaw("worker")
        return False

    wait_until(freeze, "the worker holds a claim")
    return claimed()[HANDS:]


def claimed() -> list[OutgoingMessage]:
    """What is marked as being sent, and has not reached the provider yet."""
    sending = OutgoingMessage.objects.filter(state=MessageState.SENDING)
    return list(sending.order_by("id"))


def test_a_sender_frozen_beyond_its_lease_starts_no_call_when_it_wakes(
    site: Site,
) -> None:
    site.run(*EVERYTHING)
    site.provider.manners = Manners(seconds=0.1)
    batches = site.queue(site.people(PEOPLE), batches=2)
    site.wait_for_calls(2)
    held = held_by_frozen(site)
    leaving = held[-LEAVERS:]
    for message, (state, in_flight) in zip(leaving, told(site, leaving), strict=True):
        assert state == "recorded"
        assert message.pk in in_flight
    site.installation.start("spare")
    live = OutgoingMessage.objects.filter(
        pk__in=[message.pk for message in held],
        state=MessageState.SENDING,
        lease_until__gt=Now(),
    )
    wait_until(lambda: not live.exists(), "the leases have ended")
    assert told(site, leaving) == [("effective", [])] * LEAVERS
    site.wait_until_settled(batches)
    begun = site.provider.begun
    site.installation.thaw("worker")
    site.run(*EVERYTHING)
    after = site.queue(site.people(20))
    site.wait_until_settled(after)
    late = site.provider.begun - begun - 20
    site.tally.notes.append(f"{late} calls by threads frozen at their first byte")
    assert late <= THREADS
    if not late:
        site.assert_each_left_once(batches + after)
    left = OutgoingMessage.objects.filter(pk__in=[message.pk for message in leaving])
    assert set(left.values_list("state", flat=True)) == {MessageState.SUPPRESSED}


def told(site: Site, messages: list[OutgoingMessage]) -> list[tuple[str, list[int]]]:
    """Opt out the people of these messages side by side: state and ids in flight."""

    def leave(message: OutgoingMessage) -> tuple[str, list[int]]:
        answer = site.installation.opt_out(
            message.address, lists=[site.promotions_id]
        ).json()
        return answer["state"], answer["in_flight"]

    with ThreadPoolExecutor(len(messages)) as programs:
        return list(programs.map(leave, messages))
