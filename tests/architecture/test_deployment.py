"""Production settings: complete, and clean by Django's own deployment checks."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SETTINGS_FILE = str(settings.BASE_DIR / "optout_project" / "settings.py")
REQUIRED = (
    "SECRET_KEY",
    "OPTOUT_HASH_KEY",
    "OPTOUT_SECRETS_KEYS",
    "OPTOUT_LINK_KEYS",
    "PUBLIC_URL",
)
PRODUCTION = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:9/nowhere",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "PUBLIC_URL": "https://optout.example",
    "TRUST_PROXY": "1",
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.setenv("OPTOUT_DATA", str(tmp_path))
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def load() -> dict[str, Any]:
    return runpy.run_path(SETTINGS_FILE)


@pytest.mark.usefixtures("production")
def test_the_deployment_checks_find_nothing() -> None:
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    done = subprocess.run(
        check, cwd=settings.BASE_DIR, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_secret_is_named(production: pytest.MonkeyPatch, name: str) -> None:
    production.delenv(name)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is required"):
        load()


@pytest.mark.parametrize("name", REQUIRED)
def test_an_empty_secret_is_a_missing_one(
    production: pytest.MonkeyPatch, name: str
) -> None:
    production.setenv(name, "")
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is required"):
        load()


@pytest.mark.usefixtures("production")
def test_production_makes_no_secrets_of_its_own(tmp_path: Path) -> None:
    load()
    assert not (tmp_path / "secrets.json").exists()


def test_debug_is_refused_in_production(production: pytest.MonkeyPatch) -> None:
    production.setenv("DEBUG", "1")
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        load()


@pytest.mark.usefixtures("production")
def test_production_keeps_connections_and_ends_stuck_statements() -> None:
    database = load()["DATABASES"]["default"]
    assert database["CONN_MAX_AGE"] is None
    assert database["CONN_HEALTH_CHECKS"] is True
    assert "statement_timeout=60s" in database["OPTIONS"]["options"]


def test_options_of_the_database_url_are_kept(production: pytest.MonkeyPatch) -> None:
    production.setenv("DATABASE_URL", "postgres://me@db/optout?sslmode=require")
    assert load()["DATABASES"]["default"]["OPTIONS"]["sslmode"] == "require"


def test_no_engine_opens_a_transaction_for_each_request() -> None:
    assert not settings.DATABASES["default"].get("ATOMIC_REQUESTS", False)
