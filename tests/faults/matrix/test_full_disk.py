"""A database file that cannot grow, as on a full disk: row 17 on SQLite."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from optout.models import OutgoingBatch, OutgoingMessage
from tests.faults.http_provider import Manners
from tests.faults.installation import Installation
from tests.faults.matrix.site import EVERYTHING, Site
from tests.faults.matrix.test_database import PAST_THE_GATE, PEOPLE, knock_at_all_doors
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not settings.EMBEDDED, reason="the database is a server"),
]


@contextmanager
def full_disk(installation: Installation) -> Iterator[None]:
    """No process of the installation can write to any file."""
    limit(installation, 0)
    try:
        yield
    finally:
        limit(installation, resource.RLIM_INFINITY)


def limit(installation: Installation, most_bytes: int) -> None:
    groups = {process.pid for process in installation.processes.values()}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        if is_in(pid, groups):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


def is_in(pid: int, groups: set[int]) -> bool:
    try:
        return os.getpgid(pid) in groups
    except ProcessLookupError:
        return False


def is_over(site: Site, batches: list[OutgoingBatch]) -> bool:
    """Whether all is done; the worker was never ended by what it found half written."""
    assert site.installation.processes["worker"].poll() is None
    return site.is_settled(batches) and site.is_all_delivered()


def test_on_a_full_disk_nothing_is_confirmed_and_nothing_sent(site: Site) -> None:
    site.run(*EVERYTHING)
    people = site.people(PEOPLE)
    batches = site.queue(people, batches=2)
    message = OutgoingMessage.objects.filter(address=people[2]).earliest("id").pk
    site.provider.manners = Manners(seconds=0.02)
    site.wait_for_calls(10)
    with full_disk(site.installation):
        begun = site.provider.begun
        answers = knock_at_all_doors(site, people, message)
        assert [answer.status_code for answer in answers] == [503] * 4
        assert site.provider.begun - begun <= PAST_THE_GATE
    wait_until(
        lambda: all(a.ok for a in knock_at_all_doors(site, people, message)),
        "all doors are open again",
    )
    wait_until(lambda: is_over(site, batches), "all is sent and posted")
    site.assert_each_left_once(batches)
    site.assert_opted_out(people[:3])
