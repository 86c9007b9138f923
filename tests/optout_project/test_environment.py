"""Reading the environment: what is wrong is named, and never shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from optout_project import environment

NAME = "SOME_SETTING"


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: environment.flag(NAME, default=False), "maybe"),
        (lambda: environment.integer(NAME, default=1), "many"),
        (lambda: environment.integer(NAME, default=1), "-1"),
        (lambda: environment.integer(NAME, default=1), "1.5"),
        (lambda: environment.integer(NAME, default=1, most=9), "10"),
        (lambda: environment.time_zone(NAME, "UTC"), "Europe/Atlantis"),
        (lambda: environment.time_zone(NAME, "UTC"), "../../etc/passwd"),
        (lambda: environment.origin(NAME, environment.text(NAME)), "optout.example"),
        (lambda: environment.origin(NAME, environment.text(NAME)), "ftp://a.example"),
        (lambda: environment.origin(NAME, environment.text(NAME)), "https://a/b"),
        (lambda: environment.origin(NAME, environment.text(NAME)), "https://a:port"),
        (lambda: environment.origin(NAME, environment.text(NAME)), "https://[a"),
        (lambda: environment.hosts_with_ports(NAME), "crm.internal"),
        (lambda: environment.hosts_with_ports(NAME), "http://crm.internal:80"),
        (lambda: environment.hosts_with_ports(NAME), "crm.internal:0"),
        (lambda: environment.database(NAME), "sqlite:///file"),
        (lambda: environment.database(NAME), "postgres://db:port/name"),
        (lambda: environment.email(NAME), "mail.example:25"),
        (lambda: environment.redis_url(NAME), "amqp://broker"),
        (lambda: environment.hash_key(NAME, environment.text(NAME)), "ab" * 31),
        (lambda: environment.hash_key(NAME, environment.text(NAME)), "xy" * 32),
        (lambda: environment.fernet_keys(NAME, environment.text(NAME)), "short"),
        (lambda: environment.fernet_keys(NAME, environment.text(NAME)), ","),
        (lambda: environment.link_keys(NAME, environment.text(NAME)), "x" * 40),
        (lambda: environment.link_keys(NAME, environment.text(NAME)), "k1:short"),
    ],
)
def test_a_bad_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], object], value: str
) -> None:
    monkeypatch.setenv(NAME, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} "):
        read()


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.hash_key(NAME, "a-secret-too-short")
    assert "a-secret-too-short" not in str(refused.value)


def test_two_link_keys_with_one_id_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        environment.link_keys(NAME, f"k1:{'a' * 32},k1:{'b' * 32}")


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("Off", False), ("", True)]
)
def test_a_switch_reads_the_usual_words(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: bool
) -> None:
    monkeypatch.setenv(NAME, value)
    assert environment.flag(NAME, default=True) is expected


def test_a_list_drops_blanks_and_empty_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a.example , ,b.example,")
    assert environment.items(NAME) == ["a.example", "b.example"]


def test_an_origin_loses_its_slash() -> None:
    assert (
        environment.origin(NAME, "https://a.example:8443/") == "https://a.example:8443"
    )


def test_a_mail_address_becomes_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "smtp+tls://me:secret@mail.example:587")
    found = environment.email(NAME)
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", 587)
    assert found["EMAIL_USE_TLS"] is True


def test_a_folder_that_cannot_be_made_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(NAME, str(tmp_path / "file" / "folder"))
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} "):
        environment.folder(NAME, tmp_path)
