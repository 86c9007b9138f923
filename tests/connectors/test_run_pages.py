"""The pages of runs: what came in, what was done, and setting runs going again."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.asserts import assertNumQueries

from connectors import receiving
from connectors.models import Connector, Origin, Run, RunState
from connectors.plans import PlannedAction, new_id
from optout.access import Role
from optout.models import Workspace, default_list
from tests.connectors.making import (
    Watch,
    make_connector,
    make_watch,
    post,
    step,
    where,
    work,
)
from tests.factories import ASHA, make_channel, opt_out
from tests.page_clients import browser_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketer(db: None) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return make_watch(monkeypatch)


@pytest.fixture
def shop(watch: Watch) -> Connector:
    applies = where("{{body.status|}}", "is", "left")
    return make_connector(
        step(watch.planned("{{body.note}}"), filter=applies, name="Left there")
    )


def runs_of(shop: Connector, query: str = "") -> str:
    return f"/connectors/{shop.pk}/runs/{query}"


def of_run(run: Run, what: str = "") -> str:
    return f"/connectors/{run.connector_id}/runs/{run.pk}/{what}"


def done(shop: Connector, **body: Any) -> Run:
    run = post(shop, {"status": "left", **body})
    work()
    run.refresh_from_db()
    return run


def test_before_anything_came_in_the_page_says_where_to_post(
    marketer: Client, shop: Connector
) -> None:
    page = text_of(marketer.get(runs_of(shop)))
    assert "Nothing has come in yet" in page


def test_a_run_tells_its_input_its_verdict_and_its_results(
    marketer: Client, shop: Connector
) -> None:
    run = done(shop, note="hello")
    row = text_of(marketer.get(runs_of(shop)))
    assert "Done" in row and "Watched: done" in row
    page = text_of(marketer.get(of_run(run)))
    for words in ("Left there", "Taken", "“left” is “left”", "done", '"note": "hello"'):
        assert words in page


def test_what_was_withheld_reads_optout_number(marketer: Client) -> None:
    opt_out(ASHA)
    settings = {"channel": None, "text": "Hi", "lists": [default_list().pk]}
    whom = {"number": ASHA, "email": "", "channel": make_channel().pk}
    run = done(
        make_connector(step(PlannedAction(new_id(), "send_message", settings, whom)))
    )
    page = text_of(marketer.get(of_run(run)))
    assert "Send message Optout Number" in page
    assert "Default opt-out list" in page


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("?state=done", True),
        ("?state=failed", False),
        ("?search=hello", True),
        ("?search=%22hello%22", True),
        ("?search=other", False),
        ("?after=2000-01-01&before=2100-01-01", True),
        ("?before=2000-01-01", False),
        ("?origin=again", False),
        ("?state=nonsense", False),
        ("?after=nonsense", False),
    ],
)
def test_runs_are_found_by_state_day_and_text(
    marketer: Client, shop: Connector, query: str, is_there: bool
) -> None:
    done(shop, note="hello")
    page = text_of(marketer.get(runs_of(shop, query)))
    assert ("Watched: done" in page) == is_there
    assert ("No run matches these filters" in page) != is_there


def test_the_list_asks_as_often_for_many_runs(
    marketer: Client, shop: Connector
) -> None:
    done(shop, note="a")
    with CaptureQueriesContext(connection) as for_one:
        marketer.get(runs_of(shop))
    for number in range(3):
        done(shop, note=str(number))
    with assertNumQueries(len(for_one)):
        marketer.get(runs_of(shop))


def test_all_failed_that_the_filters_show_go_on_with_one_click(
    marketer: Client, shop: Connector, watch: Watch
) -> None:
    for note in ("first", "second"):
        watch.to_raise.append(RuntimeError("away"))
        done(shop, note=note)
    assert "2 runs have failed" in text_of(marketer.get(runs_of(shop)))
    marketer.post(runs_of(shop, "retry-failed/?search=first&state=failed"))
    work()
    states = Run.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [RunState.DONE, RunState.FAILED]


def test_a_failed_run_goes_on_and_what_was_done_stands(
    marketer: Client, watch: Watch
) -> None:
    shop = make_connector(step(watch.planned("one"), watch.planned("two")))
    watch.to_raise.append(RuntimeError("away"))
    run = done(shop)
    assert watch.notes == ["one", "two"]
    page = marketer.post(of_run(run, "retry/"), follow=True)
    assert "what was done stands" in text_of(page)
    work()
    assert watch.notes == ["one", "two", "one"]
    again = marketer.post(of_run(run, "retry/"), follow=True)
    assert "nothing was changed" in text_of(again)


def test_an_edited_input_is_a_new_run_of_the_same_origin(
    marketer: Client, shop: Connector, watch: Watch
) -> None:
    run = done(shop, note="old")
    assert '"old"' in text_of(marketer.get(of_run(run, "again/")))
    sent = {"body": '{"status": "left", "note": "new"}'}
    marketer.post(of_run(run, "again/"), sent)
    work()
    made = Run.objects.latest("pk")
    assert (made.origin, made.parent, watch.notes) == (
        Origin.AGAIN,
        run,
        ["old", "new"],
    )
    assert f"run {made.pk}" in text_of(marketer.get(of_run(run)))


@pytest.mark.parametrize(
    "body", ["", "{", "NaN", '{"a": 1, "a": 2}', "[" * 40 + "]" * 40]
)
def test_an_edited_input_that_is_no_json_is_shown_again(
    marketer: Client, shop: Connector, body: str
) -> None:
    run = done(shop, note="old")
    answer = marketer.post(of_run(run, "again/"), {"body": body})
    assert answer.status_code == 422
    assert Run.objects.count() == 1


def test_what_waits_is_cancelled_and_what_is_done_is_not(
    marketer: Client, shop: Connector
) -> None:
    run = post(shop, {"status": "left", "note": "x"})
    marketer.post(of_run(run, "cancel/"))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    other = done(shop, note="x")
    page = marketer.post(of_run(other, "cancel/"), follow=True)
    assert "nothing was changed" in text_of(page)


def test_a_refused_input_says_why_and_shows_nothing_of_it(
    marketer: Client, shop: Connector
) -> None:
    run = receiving.refuse(shop, "The signature is missing or wrong.")
    page = text_of(marketer.get(of_run(run)))
    assert "The signature is missing or wrong." in page
    assert "It was not taken, so it was not kept." in page


def test_a_run_is_found_under_its_own_connector_alone(
    marketer: Client, shop: Connector
) -> None:
    run = done(shop, note="x")
    other = make_connector()
    assert marketer.get(f"/connectors/{other.pk}/runs/{run.pk}/").status_code == 404


def test_masked_roles_see_no_runs(shop: Connector) -> None:
    run = done(shop, note=ASHA)
    workspace = Workspace.load()
    workspace.masked_roles = [Role.MARKETER]
    workspace.save()
    user = User.objects.create_user("masked")
    user.groups.add(Group.objects.get(name=Role.MARKETER))
    client = Client()
    client.force_login(user)
    assert client.get(of_run(run)).status_code == 403
    assert client.get(runs_of(shop)).status_code == 403
