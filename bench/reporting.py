"""The report page of a large broadcast, against counting its messages by state."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bench import data
from bench.data import Data, execute
from bench.table import Row, Target
from bench.timing import Variant, interleave
from broadcaster import broadcasts, progress
from broadcaster.models import Broadcast, ProgressPoint, Stage
from optout import addresses, withholding
from optout.access import Role
from optout.actors import NOBODY
from optout.models import BatchState, Entry, OutgoingBatch, OutgoingMessage

CAUSED = 2_000
# One in ten may be withheld, of whom the gate takes six: the others wait.
_STATE = """
CASE WHEN n % 10 = 0 THEN 'queued' WHEN n % 100 < 3 THEN 'failed'
     WHEN n % 100 < 25 THEN 'sent' WHEN n % 100 < 75 THEN 'delivered' ELSE 'read' END
"""
_COUNT = """
SELECT state, count(*) FROM optout_outgoingmessage
WHERE batch_id = %(batch)s GROUP BY state
"""


def lines(scale: float) -> Iterator[Row]:
    """The page as it opens, filtered, polled, and before anything was noted."""
    made = data.load(scale)
    made.batch_to(made.people)  # of another broadcast, in front of ours
    found = _broadcast(made)
    count = Variant(lambda: execute(_COUNT, {"batch": found.batch_id}))
    browser, url = _browser(), reverse("broadcast-report", args=[found.pk])
    poll = {"HX-Request": "true", "HX-Target": "live"}
    progress.note_due()
    took = interleave(
        {
            "page": Variant(lambda: _ask(browser, url)),
            "filtered": Variant(lambda: _ask(browser, f"{url}?status=suppressed")),
            "poll": Variant(lambda: _ask(browser, url, poll)),
            "count": count,
        }
    )
    ProgressPoint.objects.all().delete()
    later = interleave(
        {"page": Variant(lambda: _ask(browser, url)), "count": count}, repeats=3
    )
    what = f"the report of {made.people:,} recipients"
    named = "SELECT state, count(*)"
    yield Row(what, took["page"], took["count"], named, Target(4))
    yield Row(f"{what}, `Optout Number`", took["filtered"], took["count"], named)
    yield Row("its poll while it runs", took["poll"], took["count"], named)
    yield Row(
        "the page before anything was noted", later["page"], later["count"], named
    )
    Entry.objects.exclude(message=None).update(message=None)
    data.forget_messages()


def _broadcast(made: Data) -> Broadcast:
    """A paused broadcast with recipients in each state, some of whom left after it."""
    row = broadcasts.create(name="Sale", channel=made.channel, actor=NOBODY)
    template = OutgoingMessage.objects.create(
        batch=row.batch,
        content=made.content,
        channel=made.channel,
        key=addresses.parse("+34700000000").key,
    )
    values = {"key": "p.key", "address": "p.address", "state": _STATE}
    with data.without_indexes(OutgoingMessage):
        data.multiply(template, values, "bench_person p ORDER BY n")
    withholding.withhold(row.batch)
    first = row.batch.messages.order_by("id").values_list("id", flat=True)[0]
    Entry.objects.filter(pk__in=_some_entries()).update(
        message_id=first + F("id") % 900
    )
    OutgoingBatch.objects.filter(pk=row.batch_id).update(state=BatchState.PAUSED)
    Broadcast.objects.filter(pk=row.pk).update(
        stage=Stage.READY, content=made.content, launched_at=timezone.now()
    )
    data.vacuum(OutgoingMessage)
    data.vacuum(Entry)
    return Broadcast.objects.get(pk=row.pk)


def _some_entries() -> list[int]:
    return list(Entry.objects.order_by("id").values_list("id", flat=True)[:CAUSED])


def _browser() -> Client:
    user = User.objects.create_user("reader")
    user.groups.add(Group.objects.get(name=Role.ADMIN))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    return client


def _ask(browser: Client, url: str, headers: Any = None) -> None:
    response = browser.get(url, headers=headers)
    if response.status_code != 200:
        raise RuntimeError(f"{response.status_code} for {url}")
