"""Connectors as documents, and the templates to start from."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connectors import (
    blueprints,
    building,
    door_settings,
    plan_words,
    portable,
    receiving,
    running,
    samples,
    trials,
)
from connectors.models import Connector, Origin, Run, RunState
from connectors.plans import PlannedAction, new_id
from connectors.portable import LoadError
from optout.access import Role
from optout.actors import NOBODY
from optout.models import Channel, default_list, live_entries
from tests.connectors.making import make_connector, step, where
from tests.factories import ASHA, make_channel, make_list
from tests.page_clients import browser_of, text_of

pytestmark = pytest.mark.django_db
IMPORT = "/connectors/import/"


@pytest.fixture
def marketer(db: None) -> Client:
    return browser_of(Role.MARKETER)


@pytest.fixture
def sms(db: None) -> Channel:
    return make_channel()


@pytest.fixture
def shop(sms: Channel) -> Connector:
    lists = {"lists": [default_list().pk, make_list().pk]}
    whom = {"number": "{{body.phone}}", "email": "", "channel": sms.pk}
    send = {"channel": None, "text": "Hi {{name}} {{body.x}}", **lists}
    request = {
        "method": "GET",
        "url": "https://example.org/{{secrets.KEY}}",
        "headers": "",
        "body_kind": "none",
        "body": "",
        "answer": "crm",
    }
    made = make_connector(
        step(
            PlannedAction(new_id(), "send_message", send, whom),
            PlannedAction(new_id(), "http_request", request),
            filter=where("{{body.phone}}", "is_not_empty"),
            name="First",
        )
    )
    door_settings.set_secret(made, "KEY", "s3cret-value")
    return made


def test_a_document_holds_names_and_no_secret(shop: Connector) -> None:
    document = portable.export(shop)
    text = json.dumps(document)
    send = document["steps"][0]["actions"][0]
    assert send["settings"]["lists"] == ["Default opt-out list", "Promotions"]
    assert send["whom"]["channel"] == "Sandbox 900"
    assert document["secrets"] == ["KEY"]
    assert "s3cret-value" not in text
    assert shop.token["token"] not in text


def test_what_was_exported_is_loaded_with_the_same_steps(shop: Connector) -> None:
    made = portable.load(portable.export(shop), name="Copy", actor=NOBODY)
    assert not made.is_active
    assert made.token != shop.token
    told = [plan_words.cards(building.current_plan(one)) for one in (shop, made)]
    assert [card.conditions for card in told[0]] == [c.conditions for c in told[1]]
    assert [[a.words for a in card.actions] for card in told[0]] == [
        [a.words for a in card.actions] for card in told[1]
    ]


def test_everything_that_is_not_here_is_named_at_once(shop: Connector) -> None:
    document = portable.export(shop)
    send = document["steps"][0]["actions"][0]
    send["settings"]["lists"] = ["Gone"]
    send["whom"]["channel"] = "Nowhere"
    document["steps"].append({"name": "Odd", "actions": [{"name": "nothing"}]})
    before = Connector.objects.count()
    with pytest.raises(LoadError) as refused:
        portable.load(document, name="Copy", actor=NOBODY)
    said = refused.value.message
    assert "Step 1, action 1" in said and "“Nowhere”" in said
    assert "Step 2, action 1: Choose one of" in said
    assert Connector.objects.count() == before


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"format": "other"},
        {"format": portable.FORMAT, "steps": {}},
        {"format": portable.FORMAT, "name": "A", "steps": [1]},
        {"format": portable.FORMAT, "name": "A", "steps": [{"actions": [None]}]},
        {"format": portable.FORMAT, "name": "A", "steps": [{"delay_seconds": -1}]},
        {"format": portable.FORMAT, "name": "A", "steps": [{"filter": {"match": 1}}]},
        {"format": portable.FORMAT, "name": "A", "steps": [{}] * 51},
        {"format": portable.FORMAT, "name": "A", "token": "mine"},
        {"format": portable.FORMAT, "name": "A", "keep_days": True},
        {"format": portable.FORMAT, "name": "A", "secrets": ["a b"]},
    ],
)
def test_a_document_that_is_none_is_refused_and_makes_nothing(document: Any) -> None:
    with pytest.raises(building.BuildError):
        portable.load(document, actor=NOBODY)
    assert not Connector.objects.exists()


def test_the_pages_export_a_file_and_take_it_again(
    marketer: Client, shop: Connector
) -> None:
    file = marketer.get(f"/connectors/{shop.pk}/export/")
    assert "attachment" in file["Content-Disposition"]
    upload = SimpleUploadedFile("shop.json", file.content)
    answer = marketer.post(IMPORT, {"file": upload, "name": "Copy"}, follow=True)
    assert "It is off for now." in text_of(answer)
    assert Connector.objects.filter(name="Copy").exists()


@pytest.mark.parametrize("pasted", ["", "{", "[]", '{"format": "x"}', "NaN"])
def test_what_cannot_be_imported_is_shown_again(marketer: Client, pasted: str) -> None:
    answer = marketer.post(IMPORT, {"document": pasted})
    assert answer.status_code == 422
    assert not Connector.objects.exists()


# Templates


@pytest.mark.parametrize("one", blueprints.BLUEPRINTS, ids=lambda one: one.key)
def test_a_template_is_tried_at_once_and_its_example_never_runs(
    one: blueprints.Blueprint, sms: Channel
) -> None:
    made = blueprints.insert(one.key, name=one.label, actor=NOBODY)
    [sample] = samples.newest(made)
    assert (sample.origin, sample.state) == (Origin.EXAMPLE, RunState.CANCELLED)
    trial = trials.dry_run(made, sample.data)
    assert trial.steps[0].verdict
    outcomes = [done.outcome for step in trial.steps for done in step.actions]
    assert outcomes and "failed" not in outcomes
    running.run_due()
    assert not live_entries().exists()


def test_the_sync_template_adds_and_removes_as_it_is(sms: Channel) -> None:
    made = blueprints.insert("sync", name="Sync", actor=NOBODY)
    building.switch(made, True)
    for status in ("unsubscribed", "other"):
        body = {"status": status, "number": ASHA}
        receiving.receive(made, input={"body": body, "custom_variables": {}})
        running.run_due()
        assert live_entries().count() == 1
    assert Run.objects.filter(state=RunState.DONE).count() == 2


def test_a_lead_without_a_sequence_says_what_to_add(db: None) -> None:
    made = blueprints.insert("lead", name="Lead", actor=NOBODY)
    names = [step.name for step in building.current_plan(made).steps]
    assert names == ["Keep the lead", "Add “Enrol in a sequence” once there is one"]
