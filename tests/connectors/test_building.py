"""Building connectors: versions of steps, the rules of a plan, what the door asks."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from connectors import building, door_settings, plan_edits, receiving
from connectors.building import BuildError
from connectors.models import Connector, Run, RunState, Version, token_digest
from connectors.plan_checks import GO_TO, REQUEST
from connectors.plans import Plan, PlannedAction, new_id
from tests.connectors.plans import ANN, a_step, add_action, fresh, make_connector

pytestmark = pytest.mark.django_db


def code_of(act: Callable[[], object]) -> tuple[str, str]:
    """The code and the field of a refusal."""
    with pytest.raises(BuildError) as refused:
        act()
    return refused.value.code, refused.value.field


def save(connector: Connector, *steps, based_on: int | None = None) -> Version:
    return building.save_plan(connector, Plan(steps), actor=ANN, based_on=based_on)


def go_to(target: Connector) -> PlannedAction:
    return PlannedAction(new_id(), GO_TO, {"connector": target.pk})


# One connector


def test_a_new_connector_is_off_and_found_by_its_secret_url_alone() -> None:
    made = building.create(name="  Shop  opt-outs ", actor=ANN)
    assert (made.name, made.is_active) == ("Shop opt-outs", False)
    assert made.token_digest == token_digest(made.token["token"])
    assert len(made.token["token"]) >= 43


def test_two_connectors_do_not_share_a_name_however_it_is_written() -> None:
    make_connector("Shop")
    act = lambda: building.create(name="SHOP", actor=ANN)  # noqa: E731
    assert code_of(act) == ("name_taken", "name")
    assert Connector.objects.count() == 1


def test_a_new_url_makes_the_old_one_unknown() -> None:
    made = make_connector()
    old = made.token_digest
    building.new_url(made)
    assert not Connector.objects.filter(token_digest=old).exists()
    assert fresh(made).token["token"] == made.token["token"]


def test_what_does_nothing_is_not_switched_on() -> None:
    made = make_connector("Shop", a_step("Nothing"))
    assert code_of(lambda: building.switch(made, True))[0] == "no_actions"
    save(made, a_step("", add_action()))
    building.switch(made, True)
    assert fresh(made).is_active


# Versions


def test_each_change_of_steps_makes_a_version_and_the_old_one_stays() -> None:
    made = make_connector("Shop", a_step("First"))
    save(made, a_step("Second"))
    assert [row.steps[0]["name"] for row in made.versions.all()[:2]] == [
        "Second",
        "First",
    ]
    assert fresh(made).version == made.versions.first()


def test_the_same_steps_make_no_version() -> None:
    step = a_step("First", add_action())
    made = make_connector("Shop", step)
    save(made, step)
    assert building.version_number(fresh(made)) == 2


def test_steps_that_somebody_changed_meanwhile_are_not_written_over() -> None:
    made = make_connector("Shop", a_step("First"))
    save(made, a_step("Theirs"), based_on=2)
    act = lambda: save(made, a_step("Mine"), based_on=2)  # noqa: E731
    assert code_of(act)[0] == "changed_meanwhile"
    assert fresh(made).version.steps[0]["name"] == "Theirs"


# The rules of a plan


def test_a_plan_has_at_most_fifty_steps_and_a_step_twenty_actions() -> None:
    made = make_connector()
    many = [a_step() for _ in range(51)]
    assert code_of(lambda: save(made, *many))[0] == "too_many_steps"
    crowded = a_step("", *[add_action() for _ in range(21)])
    refused = ("too_many_actions", "steps[0].actions")
    assert code_of(lambda: save(made, crowded)) == refused
    assert fresh(made).version.steps == []


def test_an_id_stands_in_a_plan_once() -> None:
    step = a_step()
    assert code_of(lambda: save(make_connector(), step, step))[0] == "id_twice"


def test_a_loop_of_connectors_is_refused_by_the_way_it_would_go() -> None:
    first, second, third = (make_connector(name) for name in ("A", "B", "C"))
    save(second, a_step("", go_to(third)))
    save(third, a_step("", go_to(first)))
    with pytest.raises(BuildError, match="A → B → C → A") as refused:
        save(first, a_step(), a_step("", go_to(second)))
    assert refused.value.field == "steps[1].actions[0].settings.connector"


def test_a_connector_does_not_go_to_itself() -> None:
    made = make_connector("A")
    assert code_of(lambda: save(made, a_step("", go_to(made))))[0] == "loop"


def test_an_unknown_secret_is_refused_and_a_used_one_not_forgotten() -> None:
    made = make_connector()
    settings = {
        "method": "GET",
        "url": "https://example.com/?key={{secrets.KEY}}",
        "body_kind": "none",
    }
    step = a_step("", PlannedAction(new_id(), REQUEST, settings))
    assert code_of(lambda: save(made, step))[0] == "unknown_secret"
    door_settings.set_secret(made, "KEY", "s3cret")
    save(made, step)
    drop = lambda: door_settings.drop_secret(made, "KEY")  # noqa: E731
    assert code_of(drop)[0] == "secret_in_use"


def test_a_list_that_is_gone_since_keeps_nobody_from_moving_steps() -> None:
    gone = add_action()
    gone = replace(gone, settings={**gone.settings, "lists": [999_999]})
    made = make_connector("Shop", a_step("One"))
    old = fresh(made).version
    Version.objects.filter(pk=old.pk).update(
        steps=[{**old.steps[0], "actions": [_raw(gone)]}]
    )
    plan = building.current_plan(fresh(made))
    moved = plan_edits.add_step(plan, "Two")
    building.save_plan(fresh(made), moved, actor=ANN)
    assert len(fresh(made).version.steps) == 2


def _raw(action: PlannedAction) -> dict[str, object]:
    return {
        "id": action.id,
        "name": action.name,
        "settings": dict(action.settings),
        "whom": dict(action.whom),
    }


# Edits


def test_a_step_moves_to_a_place_and_no_further_than_the_ends() -> None:
    one, two, three = (a_step(name) for name in ("1", "2", "3"))
    plan = Plan((one, two, three))
    for to, names in ((0, "312"), (1, "132"), (-5, "312"), (99, "123")):
        moved = plan_edits.move_step(plan, three.id, to)
        assert "".join(step.name for step in moved.steps) == names


def test_actions_are_put_moved_and_dropped_by_their_ids() -> None:
    first, second = add_action(), add_action("{{body.other}}")
    step = a_step("", first, second)
    plan = Plan((step,))
    changed = replace(first, whom={"number": "1"})
    assert plan_edits.put_action(plan, step.id, changed).steps[0].actions == (
        changed,
        second,
    )
    moved = plan_edits.move_action(plan, step.id, second.id, 0)
    assert moved.steps[0].actions == (second, first)
    dropped = plan_edits.drop_action(plan, step.id, first.id)
    assert dropped.steps[0].actions == (second,)
    assert plan_edits.drop_step(plan, "gone") == plan


# The door


def test_a_signature_secret_is_made_or_typed_and_checked() -> None:
    made = make_connector()
    ours = door_settings.set_signature(made, "standard_webhooks")
    assert ours.startswith("whsec_")
    typed = door_settings.set_signature(made, "standard_webhooks", secret=ours[6:])
    assert typed == ours
    short = lambda: door_settings.set_signature(  # noqa: E731
        made, "standard_webhooks", secret="whsec_abc"
    )
    assert code_of(short) == ("bad_secret", "secret")
    assert fresh(made).signature == {"secret": ours}


def test_a_header_is_a_name_and_a_secret_of_some_length() -> None:
    made = make_connector()
    act = door_settings.set_signature
    assert code_of(lambda: act(made, "header", header="a b"))[0] == "bad_header"
    assert code_of(lambda: act(made, "header", header="X-A", secret="short"))[0] == (
        "bad_secret"
    )
    assert len(act(made, "header", header="X-A")) > 30
    assert act(made, "none") == ""
    assert fresh(made).signature == {}


# Deleting


def test_a_connector_whose_runs_wait_is_deleted_only_with_them() -> None:
    made = make_connector("Shop", a_step("", add_action()))
    building.switch(made, True)
    receiving.receive(made, input={"body": {"phone": "+34600111222"}})
    refused = ("runs_ahead", "cancel_runs")
    assert code_of(lambda: building.delete(made)) == refused
    building.delete(made, cancel_runs=True)
    assert not Connector.objects.exists()
    assert not Run.objects.exists()


def test_a_run_at_work_keeps_its_connector_and_its_url() -> None:
    made = make_connector("Shop", a_step("", add_action()))
    run = receiving.receive(made, input={"body": {}}).run
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    act = lambda: building.delete(made, cancel_runs=True)  # noqa: E731
    assert code_of(act)[0] == "running"
    assert fresh(made).token_digest == made.token_digest
