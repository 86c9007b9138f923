"""Processes, files and rows the fault tests share."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from django.db import connection

from optout import addresses, outbox
from optout.models import Channel, Content, Purpose, default_list
from tests.faults import crash_points, program, provider
from tests.faults.children import DATABASE_VARIABLE, Child
from tests.faults.tally import Tally
from tests.servers import free_port


@dataclass
class Yard:
    """Where the processes of one test work, and how to start and stop them."""

    folder: Path
    tally: Tally
    environment: dict[str, str] = field(default_factory=dict)
    turned: dict[str, object] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "provider.log"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def crash_mark(self) -> Path:
        return self.folder / "crashed"

    def start(self, function: str, *arguments: object, **more: str) -> Child:
        """A process that runs this, `module:name` of the fault tests; see `turned`."""
        child = Child(
            f"tests.faults.{function}",
            *arguments,
            environment=self.environment | more,
            turned=self.turned,
        )
        self.children.append(child)
        return child

    def start_pumps(self) -> Child:
        """A worker that does all there is to do, until `stop`."""
        return self.start("pumps:work")

    def crash_at(self, point: str, function: str, *arguments: object) -> Child:
        """Run it until it dies at the point."""
        crash = {crash_points.CRASH_VARIABLE: point}
        child = self.start(function, *arguments, **crash)
        child.wait(seconds=60)
        self.tally.add(faults=1)
        assert child.was_killed, f"{point} was never reached"
        return child

    def stop(self) -> None:
        """Let the senders end by themselves."""
        self.stop_file.touch()
        for child in self.children:
            child.wait()

    def assert_each_left_once(self, total: int) -> None:
        """The provider accepted each of so many messages, and none twice."""
        accepted = Counter(c.message_id for c in self.calls() if c.event == "accept")
        twice = accepted.total() - len(accepted)
        self.tally.add(
            sends=len(accepted), duplicates=twice, lost=total - len(accepted)
        )
        assert (len(accepted), twice) == (total, 0)

    def calls(self) -> list[provider.Call]:
        return provider.read(self.log)

    def lines(self) -> int:
        return self.log.read_bytes().count(b"\n")

    def returned(self) -> list[provider.Call]:
        """What the opt-out processes wrote when their call had returned."""
        return provider.read(self.log.with_suffix(".returned"))


@pytest.fixture
def yard(tmp_path: Path, tally: Tally, transactional_db: None) -> Iterator[Yard]:
    """Processes on the test database; whatever still runs is killed at the end."""
    found = Yard(tmp_path, tally)
    found.log.touch()
    found.log.with_suffix(".returned").touch()
    found.environment = {
        DATABASE_VARIABLE: str(connection.settings_dict["NAME"]),
        program.STOP_VARIABLE: str(found.stop_file),
        provider.LOG_VARIABLE: str(found.log),
        crash_points.MARK_VARIABLE: str(found.crash_mark),
    }
    yield found
    for child in found.children:
        child.kill()


class WebProcess:
    """The product's web process, and an API client of it that waits for no repeat."""

    def __init__(self, yard: Yard, key: str, *, crash_at: str = "") -> None:
        self.port = free_port()
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        yard.tally.add(faults=bool(crash_at))
        crash = {crash_points.CRASH_VARIABLE: crash_at}
        self.process = yard.start("web:serve", self.port, **crash)

    def __enter__(self) -> Self:
        """Wait until it serves."""
        give_up_at = time.monotonic() + 30
        while self.get("/healthz") is None:
            assert time.monotonic() < give_up_at, "the web process does not serve"
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.process.ask_to_stop()
        self.process.wait()

    def get(self, path: str) -> requests.Response | None:
        return self._ask("GET", path)

    def post(self, path: str, body: object) -> requests.Response | None:
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response | None:
        """The answer, or None where the connection ended without one."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            return self.session.request(method, url, timeout=30, **more)
        except requests.ConnectionError:
            return None


@pytest.fixture
def channel(transactional_db: None) -> Channel:
    """A phone channel of the file provider, at full speed."""
    return Channel.objects.create(
        channel_id=990,
        name="File provider",
        kind="file_provider",
        address_kind="phone",
        rate=10_000,
    )


def queue_messages(
    channel: Channel, *, people: int, batches: int, first: int = 0
) -> int:
    """One message to each person in each of some marketing batches; their number."""
    content = Content.objects.create(text="Hello")
    numbers = range(first, first + people)
    found = [addresses.parse_phone(program.phone(n)) for n in numbers]
    for _ in range(batches):
        batch = outbox.open_batch(
            channel=channel, purpose=Purpose.API, lists=[default_list()]
        )
        to = [outbox.Recipient(a.key, a.address) for a in found]
        outbox.put_many(batch, content, to)
    return people * batches
