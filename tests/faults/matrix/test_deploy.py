"""SIGTERM to worker and web while they send, post and take opt-outs: row 32."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from optout.models import (
    MessageState,
    OutgoingMessage,
    WebhookDelivery,
    live_entries,
)
from tests.faults.http_provider import Manners
from tests.faults.matrix.site import EVERYTHING, MUTE_CHANNEL, Site
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PEOPLE = 300
LEAVERS = 12
GRACE_SECONDS = 15  # what `start` gives them; compose.yaml gives more


def leave(site: Site, number: str) -> bool:
    """Whether the opt-out was answered; a web process that goes may drop the call."""
    try:
        return site.installation.opt_out(number, lists=[site.promotions_id]).ok
    except requests.ConnectionError:
        return False


def test_a_deploy_in_the_middle_leaves_nothing_unknown(site: Site) -> None:
    site.run(*EVERYTHING)
    site.provider.manners = Manners(seconds=0.02)
    people = site.people(PEOPLE)
    # Of what this provider was not heard to take nobody can be asked: it would show.
    batches = site.queue(people, batches=2, channel_id=MUTE_CHANNEL)
    leavers = people[-LEAVERS:]
    site.wait_for_calls(30)
    with ThreadPoolExecutor(4) as programs:
        told = [programs.submit(leave, site, number) for number in leavers]
        stopped = [site.installation.ask_to_stop(name) for name in ("worker", "web")]
        assert [process.wait(GRACE_SECONDS) for process in stopped] == [0, 0]
    acknowledged = [n for n, t in zip(leavers, told, strict=True) if t.result()]
    live = live_entries().filter(address__in=acknowledged)
    assert live.count() == len(acknowledged)
    messages = OutgoingMessage.objects.filter(batch__in=batches)
    open_now = set(messages.values_list("state", flat=True))
    assert MessageState.QUEUED in open_now, "it was not in the middle"
    assert open_now.isdisjoint({MessageState.SENDING, MessageState.UNKNOWN})
    assert not WebhookDelivery.objects.filter(state="delivering").exists()
    site.run(*EVERYTHING)
    wait_until(lambda: all(leave(site, number) for number in leavers), "they are out")
    site.wait_until_settled(batches)
    site.assert_each_left_once(batches)
    site.assert_opted_out(leavers)
