"""Processes, files and rows the fault tests share."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection

from optout import addresses, outbox
from optout.models import Channel, Content, Purpose, default_list
from tests.faults import program, provider


@dataclass
class Yard:
    """Where the processes of one test work, and how to start and stop them."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "provider.log"

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    def start(self, *words: object, **more: str) -> subprocess.Popen[bytes]:
        """A process of `tests.faults.program` on this test's database."""
        command = [sys.executable, "-m", "tests.faults.program", *map(str, words)]
        process = subprocess.Popen(command, env=os.environ | self.environment | more)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        """Let the senders end by themselves."""
        self.stop_file.touch()
        for process in self.processes:
            process.wait(timeout=30)

    def calls(self) -> list[provider.Call]:
        return provider.read(self.log)

    def lines(self) -> int:
        return self.log.read_bytes().count(b"\n")

    def returned(self) -> list[provider.Call]:
        """What the opt-out processes wrote when their call had returned."""
        return provider.read(self.log.with_suffix(".returned"))


@pytest.fixture
def yard(tmp_path: Path, transactional_db: None) -> Iterator[Yard]:
    """Processes on the test database; whatever still runs is killed at the end."""
    found = Yard(tmp_path)
    found.log.touch()
    found.environment = {
        program.DATABASE_VARIABLE: str(connection.settings_dict["NAME"]),
        program.STOP_VARIABLE: str(found.stop_file),
        provider.LOG_VARIABLE: str(found.log),
    }
    yield found
    for process in found.processes:
        process.kill()
        process.wait()


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


def queue_messages(channel: Channel, *, people: int, batches: int) -> int:
    """One message to each person in each of some marketing batches; their number."""
    content = Content.objects.create(text="Hello")
    found = [addresses.parse_phone(program.phone(n)) for n in range(people)]
    for _ in range(batches):
        batch = outbox.open_batch(
            channel=channel, purpose=Purpose.API, lists=[default_list()]
        )
        to = [outbox.Recipient(a.key, a.address) for a in found]
        outbox.put_many(batch, content, to)
    return people * batches
