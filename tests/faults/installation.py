"""An installation of the product as real processes, and the doors a test knocks at."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from optout import links
from optout_project.management.commands.start import worker_command
from tests.faults import product
from tests.servers import LOOPBACK
from tests.waiting import wait_until

PROGRAM = "tests.faults.product"
CALL_SECONDS = 30.0
# A sender starts no call later than 6.5 seconds after its claim.
KNOBS: Mapping[str, object] = {
    "optout.marking.LEASE": 10.0,
    "optout.sender.DEADLINE_SECONDS": 3.0,
    "optout.sender.MARGIN_SECONDS": 0.5,
    "optout.idempotency.LEASE": 1.0,
    "optout.webhook_delivery.DEADLINE_SECONDS": 1.0,
    "optout.webhook_delivery.MARGIN_SECONDS": 0.5,
    "optout.webhook_queue.LEASE": 7.0,
    "optout.webhook_queue.WAITS": [0.5] * 9,
    "teambox.inbound.LEASE": 4.0,
}
HASTE = 4.0


@contextmanager
def database_at(**place: object) -> Iterator[None]:
    """This process's own ORM on another database of the same engine."""
    before = dict(connection.settings_dict)
    _go_to(place)
    try:
        yield
    finally:
        _go_to(before)


def _go_to(place: Mapping[str, object]) -> None:
    connection.close()
    connection.settings_dict.update(place)
    ContentType.objects.clear_cache()  # its ids are other ones there


@dataclass
class Installation:
    """Web process, worker and beat on one database and one broker.

    With a `database_url` they are what production runs, else what `start` runs. Each is
    a group of processes, which freezing, killing and stopping reach as a whole.
    """

    folder: Path
    web_port: int
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    own: dict[str, dict[str, str]] = field(default_factory=dict)  # by process
    key: str = ""  # of the API

    @property
    def is_embedded(self) -> bool:
        return "DATABASE_URL" not in self.environment

    def log(self, name: str) -> Path:
        """What a process has said."""
        return self.folder / f"{name}.log"

    # Processes

    def start(self, *names: str, knobs: Mapping[str, object] = KNOBS) -> None:
        """Start these of `web`, `worker`, `spare` (a second one), `beat` and `pump`."""
        environment = os.environ | {
            "OPTOUT_DATA": str(self.folder),
            product.KNOBS_VARIABLE: json.dumps(dict(knobs)),
            product.HASTE_VARIABLE: str(HASTE),
            **self.environment,
        }
        for name in names:
            with self.log(name).open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self._command(name),
                    env=environment | self.own.get(name, {}),
                    start_new_session=True,
                    stdout=log,
                    stderr=log,
                )
        if "web" in names:
            wait_until(self._serves, "the web process serves")

    def _command(self, name: str) -> list[str]:
        python = [sys.executable, "-m", PROGRAM]
        if name == "web":
            bind = ["--bind", f"{LOOPBACK}:{self.web_port}"]
            count = [] if self.is_embedded else ["--workers", "2"]
            return [*python, "gunicorn", *bind, *count, "optout_project.wsgi"]
        if name == "pump":
            return [*python, "pump"]
        schedule = str(self.folder / f"{name}-schedule")
        if self.is_embedded:
            words = worker_command()
            words[words.index("-s") + 1] = schedule
            at = words.index("celery")
            return [*words[:at], PROGRAM, *words[at:]]
        celery = [*python, "celery", "--quiet", "-A", "optout_project"]
        if name == "beat":
            return [*celery, "beat", "-s", schedule]
        return [*celery, "worker", "--concurrency", "2", "--hostname", f"{name}@test"]

    def _serves(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=CALL_SECONDS).ok
        except requests.ConnectionError:
            return False

    def signal(self, name: str, number: signal.Signals) -> None:
        """Reach every process of the group, if there is one left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, number)

    def freeze(self, name: str) -> None:
        """Stop it where it is, as a paused virtual machine does."""
        self.signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let it go on."""
        self.signal(name, signal.SIGCONT)

    def kill(self, name: str) -> None:
        """kill -9 of the whole group, also of one whose parent has ended."""
        self.signal(name, signal.SIGKILL)
        self.processes.pop(name).wait()

    def ask_to_stop(self, name: str) -> subprocess.Popen[bytes]:
        """SIGTERM to the parent alone, as a deploy sends it."""
        process = self.processes.pop(name)
        process.terminate()
        return process

    def close(self) -> None:
        """End everything that still runs."""
        for name in list(self.processes):
            self.kill(name)

    # Doors

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.web_port}"

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        """One call of the API; what it answers, whatever that is."""
        headers["Authorization"] = f"Bearer {self.key}"
        return requests.post(
            f"{self.url}/api/v1/{path}",
            json=body,
            headers=headers,
            timeout=CALL_SECONDS,
        )

    def opt_out(
        self, number: str, *, lists: list[int], key: str = ""
    ) -> requests.Response:
        """Opt a number out by the API, on all channels."""
        headers = {"Idempotency-Key": key} if key else {}
        body = {"number": number, "lists": lists, "channel_id": None}
        return self.post("opt-out-entries/", body, **headers)

    def write(
        self, number: str, text: str, *, channel_id: int, message_id: str
    ) -> requests.Response:
        """A person's message, as a provider hands it in."""
        body = {"from": number, "text": text, "message_id": message_id}
        return self.post(f"inbound/{channel_id}/", body)

    def click(self, message_id: int) -> requests.Response:
        """The button of the unsubscribe page of a message."""
        page = f"{self.url}/u/{links.token(message_id)}/"
        return requests.post(f"{page}leave/", timeout=CALL_SECONDS)

    def one_click(self, message_id: int) -> requests.Response:
        """What a mail program posts for a message (RFC 8058)."""
        return requests.post(
            f"{self.url}/u/{links.token(message_id)}/",
            data={"List-Unsubscribe": "One-Click"},
            timeout=CALL_SECONDS,
        )
