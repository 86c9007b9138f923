"""The pages where connectors are built: list, builder, dialogs, dry run, settings."""

from typing import Any

import pytest
from django.test import Client

from connectors import building, receiving, samples
from connectors.models import Connector, Run, RunState
from connectors.plans import Plan, PlannedAction
from optout.access import Role
from tests.connectors.plans import (
    ANN,
    LEFT,
    a_step,
    add_action,
    fresh,
    make_connector,
)
from tests.factories import ASHA
from tests.page_clients import HTMX, browser_of, queries_of, text_of
from tests.teambox.panels import mask_for

STEPS = {**HTMX, "HX-Target": "steps"}
CONDITION = {
    "match": "any",
    "value": "{{body.status}}",
    "operator": "text:is",
    "operand": "left",
    "upper": "",
    "delimiter": ",",
}


@pytest.fixture
def marketer(db: None) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def shop(db: None) -> Connector:
    """Two steps, the first with an action; off."""
    return make_connector("Shop", a_step("Left", add_action()), a_step("Then"))


def url(connector: Connector, rest: str = "edit/") -> str:
    return f"/connectors/{connector.pk}/{rest}"


def of_step(connector: Connector, rest: str, number: int = 0) -> str:
    return url(connector, f"steps/{steps_of(connector)[number]['id']}/{rest}")


def steps_of(connector: Connector) -> list[dict[str, Any]]:
    version = fresh(connector).version
    assert version is not None
    return list(version.steps)


def as_sent(action: PlannedAction) -> dict[str, Any]:
    """An action's form as it is sent, for all channels."""
    whom = {name: value or "" for name, value in action.whom.items()}
    return {**action.settings, **whom}


def names(connector: Connector) -> list[str]:
    return [step["name"] for step in steps_of(connector)]


def seen(connector: Connector, **more: Any) -> dict[str, Any]:
    """A form of the builder as it is sent: with the version that the page showed."""
    return {"version": building.version_number(fresh(connector)), **more}


# The list


def test_without_connectors_the_page_says_what_one_is(marketer) -> None:
    shown = text_of(marketer.get("/connectors/"))
    assert "A connector is a secret URL" in shown
    assert "New connector" in shown


def test_a_search_that_finds_nothing_offers_the_way_back(marketer, shop) -> None:
    shown = text_of(marketer.get("/connectors/?search=nothing"))
    assert "No connector has this name" in shown
    assert "Clear search" in shown


def test_the_list_asks_as_often_for_many_connectors(marketer, shop) -> None:
    before = queries_of(marketer, "/connectors/")
    for name in ("Other", "Third", "Fourth"):
        receiving.receive(make_connector(name, a_step()), input={"body": {}})
    assert queries_of(marketer, "/connectors/") == before


def test_a_new_connector_opens_in_the_builder(marketer) -> None:
    sent = {"name": "CRM", "description": "Who left", "start": "empty"}
    answer = marketer.post("/connectors/new/", sent)
    assert answer.url == url(Connector.objects.get(name="CRM"))
    again = marketer.post("/connectors/new/", sent | {"name": "crm"})
    assert again.status_code == 422
    assert "There is a connector of this name." in text_of(again)


# Receive


def test_the_page_waits_quietly_for_the_first_input(marketer, shop) -> None:
    polled = {**HTMX, "HX-Target": "input"}
    poll = url(shop, "edit/?poll=1")
    assert marketer.get(poll, headers=polled).status_code == 204
    receiving.receive(shop, input={"body": {"phone": ASHA}, "custom_variables": {}})
    assert "{{body.phone}}" in text_of(marketer.get(poll, headers=polled))


def test_an_example_is_a_sample_that_never_runs(marketer, shop) -> None:
    marketer.post(url(shop, "example/"), {"body": '{"a": [1, {"b": "x"}]}'})
    assert "{{body.a[1].b}} x" in text_of(marketer.get(url(shop)))
    building.switch(shop, True)
    assert not Run.objects.exclude(state=RunState.CANCELLED).exists()


@pytest.mark.parametrize("body", ["{", "NaN", "[" * 100_000, "", "1e", "'a'"])
def test_an_example_that_is_no_json_is_shown_again(marketer, shop, body) -> None:
    answer = marketer.post(url(shop, "example/"), {"body": body})
    assert answer.status_code == 422
    assert not Run.objects.exists()


def test_generate_new_url_replaces_the_one_that_is_shown(marketer, shop) -> None:
    old = shop.token["token"]
    marketer.post(url(shop, "url/"))
    shown = text_of(marketer.get(url(shop)))
    assert old not in shown
    assert fresh(shop).token["token"] in shown


def test_who_may_only_look_sees_no_secret_url(shop) -> None:
    shown = text_of(browser_of(Role.COMPLIANCE).get(url(shop)))
    assert "Left" in shown
    assert shop.token["token"] not in shown


# Steps


def test_steps_are_added_moved_and_removed_in_place(marketer, shop) -> None:
    marketer.post(url(shop, "steps/new/"), seen(shop), headers=STEPS)
    assert names(shop) == ["Left", "Then", ""]
    moved = marketer.post(of_step(shop, "move/", 2), seen(shop, to="0"), headers=STEPS)
    assert "Step 3 is at place 1 of 3 now." in text_of(moved)
    marketer.post(of_step(shop, "move/", 1), seen(shop, by="1"), headers=STEPS)
    assert names(shop) == ["", "Then", "Left"]
    marketer.post(of_step(shop, "delete/", 1), seen(shop), headers=STEPS)
    assert names(shop) == ["", "Left"]


def test_without_scripts_a_step_is_moved_by_a_form_and_a_redirect(
    marketer, shop
) -> None:
    answer = marketer.post(of_step(shop, "move/", 1), seen(shop, by="-1"))
    assert answer.url == f"{url(shop)}#steps"
    assert names(shop) == ["Then", "Left"]


def test_a_move_of_steps_that_somebody_changed_is_refused_in_words(
    marketer, shop
) -> None:
    old = seen(shop, by="1")
    building.save_plan(shop, Plan((*_plan(shop).steps, a_step("New"))), actor=ANN)
    answer = marketer.post(of_step(shop, "move/"), old, headers=STEPS)
    assert "changed meanwhile by ann" in text_of(answer)
    assert names(shop) == ["Left", "Then", "New"]


def _plan(connector: Connector) -> Plan:
    return building.current_plan(fresh(connector))


def test_what_was_typed_stays_when_somebody_was_faster(marketer, shop) -> None:
    old = seen(shop, name="Gone from the shop")
    building.save_plan(shop, Plan((*_plan(shop).steps, a_step("New"))), actor=ANN)
    refused = marketer.post(of_step(shop, "name/"), old, headers=HTMX)
    assert refused.status_code == 422
    assert b"Gone from the shop" in refused.content
    again = {"name": "Gone from the shop", "version": refused.context["version"]}
    assert marketer.post(of_step(shop, "name/"), again, headers=HTMX).status_code == 204
    assert names(shop) == ["Gone from the shop", "Then", "New"]


def test_a_wait_is_days_hours_and_minutes(marketer, shop) -> None:
    sent = seen(shop, days="1", hours="2", minutes="")
    marketer.post(of_step(shop, "wait/"), sent)
    assert steps_of(shop)[0]["delay_seconds"] == 93_600
    assert "1 day 2 hours" in text_of(marketer.get(url(shop)))
    too_long = seen(shop, days="365", hours="1")
    assert marketer.post(of_step(shop, "wait/"), too_long).status_code == 422


def test_the_builder_asks_as_often_for_many_steps(marketer, shop) -> None:
    before = queries_of(marketer, url(shop))
    more = [a_step("", add_action(), add_action(), filter=LEFT) for _ in range(4)]
    building.save_plan(shop, Plan((*_plan(shop).steps, *more)), actor=ANN)
    assert queries_of(marketer, url(shop)) == before


# Filters


def test_a_filter_is_saved_and_read_back_in_words(marketer, shop) -> None:
    marketer.post(of_step(shop, "filter/"), seen(shop, **CONDITION))
    [kept] = steps_of(shop)[0]["filter"]["conditions"]
    assert (kept["value"], kept["operator"]) == ("{{body.status}}", "is")
    assert "body › status is “left”" in text_of(marketer.get(url(shop)))


def test_a_row_without_value_and_operand_counts_as_none(marketer, shop) -> None:
    empty = CONDITION | {"value": "", "operand": " "}
    answer = marketer.post(of_step(shop, "filter/"), seen(shop, **empty))
    assert answer.status_code == 302
    assert steps_of(shop)[0]["filter"]["conditions"] == []


def test_rows_are_added_and_removed_without_saving(marketer, shop) -> None:
    form = of_step(shop, "filter/")
    more = marketer.post(form, seen(shop, **CONDITION, add="1"), headers=HTMX)
    assert [row.values["value"] for row in more.context["form"].shown()] == [
        "{{body.status}}",
        "",
    ]
    fewer = marketer.post(form, seen(shop, **CONDITION, remove="1"), headers=HTMX)
    assert [row.values["value"] for row in fewer.context["form"].shown()] == [""]
    assert steps_of(shop)[0]["filter"]["conditions"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"value": "{{body..x}}"}, "value"),
        ({"operator": "text:"}, "operator"),
        ({"operator": "number:equals"}, "operand"),
        ({"operator": "number:between", "operand": "1", "upper": "x"}, "upper"),
        ({"operator": "text:in_list", "delimiter": "x" * 11}, "delimiter"),
    ],
)
def test_a_bad_condition_is_told_at_its_row(marketer, shop, changed, field) -> None:
    sent = {name: ["", value] for name, value in (CONDITION | changed).items()}
    sent["match"] = "all"
    answer = marketer.post(of_step(shop, "filter/"), seen(shop, **sent))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors[1]) == [field]


# Actions


def test_typing_opt_out_finds_both_actions(marketer, shop) -> None:
    page = of_step(shop, "actions/")
    found = marketer.get(f"{page}?search=opt+out").context["kinds"]
    assert [kind.name for _, rows in found for kind in rows] == [
        "add_to_opt_out_list",
        "remove_from_opt_out_list",
    ]
    nothing = text_of(marketer.get(f"{page}?search=xyz"))
    assert "No action is called this" in nothing


def test_an_action_is_added_from_its_form(marketer, shop) -> None:
    planned = add_action("{{body.customer.phone}}")
    sent = seen(shop, **as_sent(planned))
    page = of_step(shop, "actions/new/add_to_opt_out_list/", 1)
    answer = marketer.post(page, sent, headers=HTMX)
    assert answer.status_code == 204
    assert "stepsChanged" in answer.headers["HX-Trigger"]
    [kept] = steps_of(shop)[1]["actions"]
    assert kept["whom"]["number"] == "{{body.customer.phone}}"


def test_an_action_is_changed_in_place_and_removed(marketer, shop) -> None:
    [action] = steps_of(shop)[0]["actions"]
    planned = add_action("{{body.mobile}}")
    page = of_step(shop, f"actions/{action['id']}/")
    assert b"{{body.phone}}" in marketer.get(page).content
    marketer.post(page, seen(shop, **as_sent(planned)))
    [changed] = steps_of(shop)[0]["actions"]
    assert (changed["id"], changed["whom"]["number"]) == (
        action["id"],
        "{{body.mobile}}",
    )
    marketer.post(f"{page}delete/", seen(shop))
    assert steps_of(shop)[0]["actions"] == []


# The picker


def test_the_picker_offers_what_some_samples_lack_with_a_fallback(
    marketer, shop
) -> None:
    samples.keep_example(shop, {"phone": "1", "email": "a@example.com"})
    samples.keep_example(shop, {"phone": "2"})
    shown = marketer.get(of_step(shop, "filter/")).context["offers"]
    assert [(one.token, one.value, one.note) for one in shown[:1]] == [
        ("{{body.phone}}", "2", "")
    ]
    [optional] = [one for one in shown if "email" in one.token]
    assert (optional.token, optional.note) == ("{{body.email|}}", "in 1 of 2")


def test_without_a_sample_the_picker_says_how_to_get_one(marketer, shop) -> None:
    shown = text_of(marketer.get(of_step(shop, "actions/new/add_to_opt_out_list/")))
    assert "There is no sample yet: post an input" in shown


def test_masked_roles_see_paths_without_values(marketer, shop) -> None:
    mask_for(Role.MARKETER)
    samples.keep_example(shop, {"phone": ASHA, "note": f"call {ASHA}"})
    for page in (url(shop), of_step(shop, "filter/"), url(shop, "try/")):
        shown = marketer.get(page).content.decode()
        assert ASHA[1:] not in shown
    assert "{{body.phone}}" in text_of(marketer.get(url(shop)))


# Try and switch on


def test_a_dry_run_shows_the_newest_sample_and_changes_nothing(marketer, shop) -> None:
    samples.keep_example(shop, {"phone": ASHA})
    assert ASHA in text_of(marketer.get(url(shop, "try/")))
    answer = marketer.post(url(shop, "try/"), {"body": f'{{"phone": "{ASHA}"}}'})
    assert answer.context["trial"] is not None
    assert marketer.post(url(shop, "try/"), {"body": "{"}).status_code == 422
    assert Run.objects.count() == 1


def test_what_was_held_runs_by_one_click_once_it_is_on(marketer, shop) -> None:
    receiving.receive(shop, input={"body": {"phone": ASHA}, "custom_variables": {}})
    assert "1 input came while it was off" in text_of(marketer.get(url(shop)))
    marketer.post(url(shop, "switch/"), {"on": "1"})
    marketer.post(url(shop, "run-held/"))
    assert Run.objects.get().state == RunState.QUEUED


def test_a_connector_that_does_nothing_says_what_is_missing(marketer) -> None:
    empty = make_connector("Empty")
    answer = marketer.post(url(empty, "switch/"), {"on": "1"}, follow=True)
    assert "add a step with an action first" in text_of(answer)
    assert not fresh(empty).is_active


# Settings


def test_a_signature_secret_is_shown_once(marketer, shop) -> None:
    sent = {"part": "signature", "signature-kind": "standard_webhooks"}
    answer = marketer.post(url(shop, "settings/"), sent, follow=True)
    secret = fresh(shop).signature["secret"]
    assert secret in text_of(answer)
    assert secret not in text_of(marketer.get(url(shop, "signature/")))
    assert secret not in marketer.get(url(shop, "settings/")).content.decode()


def test_one_part_of_the_settings_is_saved_alone(marketer, shop) -> None:
    page = url(shop, "settings/")
    marketer.post(page, {"part": "name", "name-name": "Till", "name-description": "d"})
    limits = {"limits-posts_per_minute": "5", "limits-keep_days": "0"}
    refused = marketer.post(page, {"part": "limits", **limits})
    assert refused.status_code == 422
    assert list(refused.context["forms"]["limits"].errors) == ["keep_days"]
    assert (fresh(shop).name, fresh(shop).posts_per_minute) == ("Till", 600)


def test_secrets_are_written_replaced_and_deleted_but_never_read(
    marketer, shop
) -> None:
    page = url(shop, "settings/")
    for value in ("first-value", "second-value"):
        sent = {"part": "secret", "secret-name": "KEY", "secret-value": value}
        answer = marketer.post(page, sent, follow=True)
        assert "KEY" in text_of(answer)
        assert value not in answer.content.decode()
    kept = shop.secrets.get()
    assert kept.value == {"value": "second-value"}
    marketer.post(url(shop, f"secrets/{kept.pk}/delete/"))
    assert not shop.secrets.exists()


def test_deleting_names_what_waits_and_asks_to_cancel_it(marketer, shop) -> None:
    building.switch(shop, True)
    receiving.receive(shop, input={"body": {}, "custom_variables": {}})
    page = url(shop, "delete/")
    assert "Cancel the 1 run that still waits" in text_of(marketer.get(page))
    assert marketer.post(page, {}).status_code == 422
    marketer.post(page, {"cancel_runs": "on"})
    assert not Connector.objects.exists()
