"""A real worker on a real broker: hints wake it, and a lost broker loses no message.

Engine and broker as installed together: SQLite and files, PostgreSQL and Redis.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from redis import Redis

from optout.access import Role, create_api_key
from optout.models import OutgoingMessage, SandboxMessage
from optout_project.management.commands.start import worker_command
from tests.factories import make_channel
from tests.optout_project.programs import DATABASE_VARIABLE

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PROGRAMS = "tests.optout_project.programs"
PEOPLE = [f"+3460011122{number}" for number in range(4)]
SENT_WITHIN_SECONDS = 40  # a busy machine starts processes slowly


@dataclass
class Site:
    """The web process and the worker of one broker, on the test database."""

    folder: Path
    redis_url: str
    key: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            DATABASE_VARIABLE: str(connection.settings_dict["NAME"]),
            "OPTOUT_DATA": str(self.folder),
            "REDIS_URL": self.redis_url,
        }

    def start_worker(self, *, clock: bool) -> None:
        """The worker as `start` runs it; without a clock only hints wake it."""
        command = [PROGRAMS if word == "celery" else word for word in worker_command()]
        if not clock:
            command.remove("-B")
        self.processes.append(subprocess.Popen(command, env=self.environment))

    def post(self, people: list[str]) -> list[float]:
        """Hand in a message to each by the API; the seconds each call took."""
        command = [sys.executable, "-m", PROGRAMS, "post", self.key, *people]
        said = subprocess.check_output(command, env=self.environment, timeout=60)
        return list(json.loads(said.splitlines()[-1]))

    def waiting(self) -> int:
        """How many hints and ticks lie in the broker."""
        if self.redis_url:
            with Redis.from_url(self.redis_url) as redis:
                return int(redis.llen("celery"))
        return len(list(self._files()))

    def lose_broker(self) -> None:
        """Everything in the broker is gone."""
        if self.redis_url:
            with Redis.from_url(self.redis_url) as redis:
                redis.flushall()
        for file in self._files():
            file.unlink()

    def _files(self) -> Iterator[Path]:
        return (self.folder / "broker" / "messages").glob("*")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Site:
    redis_url = "" if settings.EMBEDDED else request.getfixturevalue("redis_url")
    settings.OPTOUT_DATA = tmp_path
    make_channel(900)
    _, key = create_api_key(name="program", role=Role.ADMIN)
    made = Site(tmp_path, redis_url, key)
    made.lose_broker()
    request.addfinalizer(made.stop)
    return made


def wait_until_sent(people: list[str]) -> None:
    """Each has got one message, before the time is over."""
    deadline = time.monotonic() + SENT_WITHIN_SECONDS
    while OutgoingMessage.objects.filter(state="sent").count() < len(people):
        assert time.monotonic() < deadline, "no worker sent it"
        time.sleep(0.05)
    got = SandboxMessage.objects.values_list("address", flat=True)
    assert sorted(got) == sorted(people)


def test_a_hint_alone_wakes_the_worker(site: Site) -> None:
    site.start_worker(clock=False)
    site.post(PEOPLE[:1])
    wait_until_sent(PEOPLE[:1])


def test_messages_whose_hints_the_broker_lost_are_found_by_the_clock(
    site: Site,
) -> None:
    site.post(PEOPLE)
    assert site.waiting(), "without a hint in the broker nothing is lost"
    site.lose_broker()
    site.start_worker(clock=True)
    wait_until_sent(PEOPLE)
