"""What every request passes: policy, client address, log-in, health."""

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from optout_project.celery import app
from optout_project.middleware import TrustedProxyMiddleware

pytestmark = pytest.mark.django_db
POLICY = "Content-Security-Policy"


def client_address(forwarded: str) -> str:
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    return TrustedProxyMiddleware(answer)(request).content.decode()


def test_a_page_allows_no_inline_script_or_style(client: Client) -> None:
    policy = client.get("/healthz")[POLICY]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy


def test_only_the_admin_may_evaluate_expressions(client: Client) -> None:
    assert "'unsafe-eval'" in client.get("/admin/login/")[POLICY]
    assert "'unsafe-eval'" not in client.get("/healthz/admin/")[POLICY]


def test_no_page_can_be_framed(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer[POLICY]


def test_a_client_cannot_choose_its_address() -> None:
    assert client_address("203.0.113.9") == "127.0.0.1"


def test_a_trusted_proxy_names_the_client(settings: Settings) -> None:
    settings.TRUST_PROXY = 1
    assert client_address("10.0.0.1, 203.0.113.9") == "203.0.113.9"


def test_fewer_addresses_than_proxies_are_not_believed(
    settings: Settings,
) -> None:
    settings.TRUST_PROXY = 2
    assert client_address("203.0.113.9") == "127.0.0.1"


def test_five_wrong_passwords_lock_the_name_from_that_address(client: Client) -> None:
    User.objects.create_user("ana", password="right-password")
    log_in = {"username": "ana", "password": "wrong"}
    for _ in range(5):
        client.post("/login/", log_in)
    right = log_in | {"password": "right-password"}
    assert client.post("/login/", right).status_code == 429
    elsewhere = client.post("/login/", right, REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302


def test_logging_out_takes_a_post(client: Client) -> None:
    assert client.get("/logout/").status_code == 405


def test_ready_means_that_the_database_is_migrated(client: Client) -> None:
    assert client.get("/readyz").json()["database"] == "ok"


def test_a_broker_that_is_away_is_told_and_does_not_stop_requests(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.conf, "broker_write_url", "redis://127.0.0.1:9/0")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (200, "down")
