"""What hostile input meets: a visitor at every door, and a canary that stays silent."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from optout import destinations
from optout.models import Channel
from tests.factories import make_channel
from tests.hostile.doors import Visitor
from tests.name_service import Names, resolver, start_names
from tests.servers import Peer, says


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The name service; no test of this group asks a real one."""
    known = start_names()
    monkeypatch.setattr(destinations, "resolve", resolver(known))
    return known


@pytest.fixture(scope="package")
def loopback_service() -> Iterator[Peer]:
    """A service on this machine that nothing of this group may ever reach."""
    with Peer(says(b"HTTP/1.1 200 OK\r\n\r\n"), hosts=["127.0.0.1", "::1"]) as service:
        yield service
        assert service.hits == 0


@pytest.fixture
def canary(
    loopback_service: Peer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[Peer]:
    """That service with its port and plain http allowed: only its address protects."""
    settings.WEBHOOK_ALLOW_HTTP = True
    settings.OUTBOUND_ALLOWED_HOSTS = []
    monkeypatch.setitem(destinations.PORTS, "http", {80, 8080, loopback_service.port})
    yield loopback_service
    assert loopback_service.hits == 0


@pytest.fixture
def visitor(db: None) -> Visitor:
    return Visitor()


@pytest.fixture
def phone(db: None) -> Channel:
    return make_channel(900)


@pytest.fixture
def mailbox(db: None) -> Channel:
    return make_channel(901, email=True)
