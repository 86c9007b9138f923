"""The embedded start: secrets are made once, and SQLite is safe for two writers."""

import json
import multiprocessing
import runpy
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from optout_project import embedded

PROCESSES = 8
SECRETS = ("SECRET_KEY", "OPTOUT_HASH_KEY", "OPTOUT_SECRETS_KEYS", "OPTOUT_LINK_KEYS")


@pytest.fixture
def load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], dict[str, Any]]:
    """Read the settings as a first start does."""
    monkeypatch.setenv("OPTOUT_DATA", str(tmp_path))
    for name in ("DATABASE_URL", "PUBLIC_URL", *SECRETS):
        monkeypatch.delenv(name, raising=False)
    path = settings.BASE_DIR / "optout_project" / "settings.py"
    return lambda: runpy.run_path(str(path))


def _load_together(barrier: Barrier, folder: Path, number: int) -> None:
    barrier.wait()
    found = embedded.load_secrets(folder)
    (folder / f"found-{number}").write_text(json.dumps(found))


def test_processes_that_start_at_once_end_with_the_same_secrets(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    barrier = fork.Barrier(PROCESSES)
    starts = [
        fork.Process(target=_load_together, args=(barrier, tmp_path, number))
        for number in range(PROCESSES)
    ]
    for start in starts:
        start.start()
    for start in starts:
        start.join(timeout=30)
    found = {path.read_text() for path in tmp_path.glob("found-*")}
    assert len(list(tmp_path.glob("found-*"))) == PROCESSES
    assert found == {json.dumps(embedded.load_secrets(tmp_path))}


def test_a_second_start_keeps_the_secrets(load: Callable[[], dict[str, Any]]) -> None:
    first, second = load(), load()
    assert [first[name] for name in SECRETS] == [second[name] for name in SECRETS]


def test_the_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    embedded.load_secrets(tmp_path)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"SECRET_KEY": "half"}'])
def test_a_damaged_file_stops_the_start_and_is_left_alone(
    tmp_path: Path, kept: str
) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(kept)
    with pytest.raises(ImproperlyConfigured, match=r"secrets\.json"):
        embedded.load_secrets(tmp_path)
    assert file.read_text() == kept


def test_a_secret_of_the_environment_wins(
    load: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_HASH_KEY", "ab" * 32)
    assert load()["OPTOUT_HASH_KEY"] == b"\xab" * 32


def test_sqlite_takes_the_write_lock_first_and_syncs_each_commit(
    load: Callable[[], dict[str, Any]],
) -> None:
    options = load()["DATABASES"]["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert "synchronous=FULL" in options["init_command"]
