"""What the flows share: a running server, its API, and the worker's pumps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from broadcaster import tasks as broadcaster_tasks
from optout import access, tasks
from optout.access import Role


@dataclass
class Api:
    """A program that calls the running server with a key of one role."""

    base: str
    key: str

    def call(self, method: str, path: str, **more: Any) -> Any:
        """The answer's JSON; anything but a 2xx fails the test."""
        answer = requests.request(
            method,
            f"{self.base}/api/v1{path}",
            headers={"Authorization": f"Bearer {self.key}", **more.pop("headers", {})},
            timeout=60,
            **more,
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: object = None, **more: Any) -> Any:
        return self.call("POST", path, json=body, **more)


@pytest.fixture
def api(live_server: LiveServer, settings: Any) -> Api:
    """An Admin's key on the running server, whose links lead back to it."""
    settings.PUBLIC_URL = live_server.url
    _, key = access.create_api_key(name="flow", role=Role.ADMIN)
    return Api(live_server.url, key)


@pytest.fixture
def work() -> Callable[[], None]:
    """What a worker does in a few seconds: prepare, send, deliver, sweep."""

    def run() -> None:
        broadcaster_tasks.prepare_broadcasts()
        tasks.send_outbox()
        tasks.deliver_webhooks()
        tasks.sweep()

    return run
