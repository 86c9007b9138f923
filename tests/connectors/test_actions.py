"""What the actions of a connector do with what came in."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User

from connectors import action_settings, doing
from connectors.doing import Context, Done
from connectors.models import Connector
from connectors.plans import PlannedAction, new_id
from optout import addresses
from optout.action_table import FAILED, SettingsError
from optout.models import (
    OPTOUT_NUMBER,
    Channel,
    Entry,
    Reason,
    SandboxMessage,
    Source,
    WebhookDelivery,
    default_list,
)
from teambox import contacts
from teambox.models import Contact, ContactAttribute
from tests.connectors.making import make_connector
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_channel,
    make_list,
    opt_out,
    sent_texts,
)

pytestmark = pytest.mark.django_db
BODY = {
    "customer": {"name": "Asha", "phones": [ASHA], "email": LEENA},
    "order": {"number": 1042, "note": "{{name}} {{body.order.number}}"},
}
NUMBER = "{{body.customer.phones[0]}}"
EMAIL = "{{body.customer.email}}"


@pytest.fixture
def shop(db: None) -> Connector:
    return make_connector()


def context(shop: Connector, body: Any = None, *, once: int = 1) -> Context:
    data = {"body": BODY if body is None else body, "custom_variables": {"src": "crm"}}
    return Context(
        connector=shop, run_id=1, received_at=shop.created_at, data=data, once=once
    )


def planned(name: str, whom: Mapping[str, Any], /, **settings: Any) -> PlannedAction:
    """An action as its door keeps it."""
    kept_whom, kept = action_settings.checked(name, whom, settings)
    return PlannedAction(new_id(), name, kept, kept_whom)


def add(**whom: Any) -> PlannedAction:
    lists = [default_list().pk, make_list().pk]
    return planned("add_to_opt_out_list", whom, lists=lists)


def do(shop: Connector, action: PlannedAction, body: Any = None, **more: Any) -> Done:
    return doing.do(action, context(shop, body, **more))


# Lists


def test_number_and_email_are_added_to_two_lists_as_one_event(shop: Connector) -> None:
    default = default_list()
    default.webhook_url = "https://example.org/"
    default.save(update_fields=["webhook_url"])
    done = do(shop, add(number=NUMBER, email=EMAIL))
    assert (done.outcome, done.detail) == ("added", f"{default}, Promotions")
    assert Entry.objects.count() == 4
    entry = Entry.objects.get(address=ASHA, list=default)
    assert (entry.source, entry.reason_code) == (Source.CONNECTOR, Reason.PERSON)
    assert (entry.channel_id, entry.actor_label) == (0, f"connector “{shop.name}”")
    assert WebhookDelivery.objects.count() == 1


def test_adding_again_is_success_without_a_second_entry(shop: Connector) -> None:
    action = add(number=NUMBER)
    do(shop, action)
    assert do(shop, action).outcome == "already there"
    assert Entry.objects.count() == 2


def test_an_email_that_may_be_missing_is_left_out(shop: Connector) -> None:
    action = add(number="{{body.n}}", email="{{body.email|}}")
    assert do(shop, action, {"n": ASHA}).outcome == "added"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "The input has no body.n."),
        ({"n": None}, "The input has no body.n."),
        ({"n": "  "}, "Number and Email are both empty."),
        ({"n": "12"}, "Number “12”: This is no phone number."),
        ({"n": [1]}, "Number “[1]”: This is no phone number."),
    ],
)
def test_what_is_no_address_fails_in_words_and_changes_nothing(
    shop: Connector, body: Any, said: str
) -> None:
    done = do(shop, add(number="{{body.n}}"), body)
    assert (done.outcome, done.detail[: len(said)]) == (FAILED, said)
    assert not Entry.objects.exists()


def test_a_removal_keeps_what_the_person_made_unless_it_says_otherwise(
    shop: Connector,
) -> None:
    do(shop, add(number=NUMBER))
    lists = {"lists": [default_list().pk], "reason": "test"}
    careful = planned("remove_from_opt_out_list", {"number": NUMBER}, **lists)
    assert do(shop, careful).outcome == "kept"
    opt_out(RAHUL)
    body = {"customer": {"phones": [RAHUL]}}
    assert do(shop, careful, body).outcome == "removed"


def test_a_removal_never_ends_what_was_asked_for_later(shop: Connector) -> None:
    thorough = planned(
        "remove_from_opt_out_list",
        {"number": NUMBER},
        lists=[default_list().pk],
        reason="test",
        lift_what_person_made=True,
    )
    opt_out(ASHA, reason=Reason.PERSON, asked_at=shop.created_at)
    assert do(shop, thorough).outcome == "kept"


def test_who_may_not_remove_what_people_made_builds_no_such_action() -> None:
    marketer = User.objects.create_user("mara")
    wanted = {"lists": [default_list().pk], "reason": "test"}
    with pytest.raises(SettingsError) as refused:
        action_settings.checked(
            "remove_from_opt_out_list",
            {"number": NUMBER},
            wanted | {"lift_what_person_made": True},
            builder=marketer,
        )
    assert refused.value.field == "settings.lift_what_person_made"


# Sending


@pytest.fixture
def sms(db: None) -> Channel:
    return make_channel()


def send(sms: Channel, text: str) -> PlannedAction:
    whom = {"number": NUMBER, "channel": sms.pk}
    return planned("send_message", whom, text=text)


def test_a_message_has_values_of_input_and_contact_in_one_pass(
    shop: Connector, sms: Channel
) -> None:
    contacts.make(name="Asha P", addresses=[addresses.parse(ASHA)])
    text = "Hi {{name}}: {{body.order.number}} {{body.order.note}} {{body.gone|-}}"
    done = do(shop, send(sms, text))
    assert done.outcome == "queued"
    assert sent_texts(sms) == ["Hi Asha P: 1042 {{name}} {{body.order.number}} -"]


def test_the_same_run_sends_once_however_often_it_is_tried(
    shop: Connector, sms: Channel
) -> None:
    action = send(sms, "Hello")
    for _ in range(2):
        do(shop, action)
    assert sent_texts(sms) == ["Hello"]
    do(shop, action, once=2)
    assert sent_texts(sms) == ["Hello", "Hello"]


def test_who_opted_out_gets_nothing_and_the_result_says_so(
    shop: Connector, sms: Channel
) -> None:
    opt_out(ASHA)
    done = do(shop, send(sms, "Hello"))
    assert (done.outcome, done.detail) == (OPTOUT_NUMBER, str(default_list()))
    drain()
    assert sent_texts(sms) == []


def test_the_default_list_cannot_be_left_out_of_a_send(sms: Channel) -> None:
    assert send(sms, "Hello").settings["lists"] == [default_list().pk]


def test_an_email_is_escaped_in_its_html_and_one_line_in_its_subject(
    shop: Connector,
) -> None:
    mailbox = make_channel(901, email=True)
    action = planned(
        "send_email",
        {"email": EMAIL},
        channel=mailbox.pk,
        subject="Order {{body.order.note}}",
        html="<p>{{body.order.note}}</p>",
    )
    body = {**BODY, "order": {"note": "<b>\r\nBcc: x@y.example"}}
    assert do(shop, action, body).outcome == "queued"
    drain()
    message = SandboxMessage.objects.get()
    assert message.subject == "Order <b> Bcc: x@y.example"
    assert "<p>&lt;b&gt;" in message.html


# Contacts


def test_a_contact_is_created_then_updated_then_unchanged(shop: Connector) -> None:
    ContactAttribute.objects.create(name="city", label="City")
    action = planned(
        "save_contact",
        {"number": NUMBER, "email": EMAIL},
        name="{{body.customer.name}}",
        tags="lead, {{body.tag|}}",
        attribute_city="{{body.city|}}",
    )
    assert do(shop, action).outcome == "created"
    found = Contact.objects.get()
    assert (found.name, found.addresses.count()) == ("Asha", 2)
    assert do(shop, action).outcome == "unchanged"
    body = {**BODY, "city": "Madrid", "tag": "vip"}
    assert do(shop, action, body).outcome == "updated"
    found.refresh_from_db()
    assert found.attributes == {"city": "Madrid"}
    assert {tag.name for tag in found.tags.all()} == {"lead", "vip"}


def test_two_contacts_are_not_made_one(shop: Connector) -> None:
    first = contacts.make(name="A", addresses=[addresses.parse(ASHA)])
    contacts.make(name="L", addresses=[addresses.parse(LEENA)])
    action = planned("save_contact", {"number": NUMBER, "email": EMAIL}, name="Ann")
    done = do(shop, action)
    assert (done.outcome, done.detail) == ("updated", "L has the other address")
    first.refresh_from_db()
    assert (first.name, Contact.objects.count()) == ("Ann", 2)


def test_a_value_that_an_attribute_does_not_take_names_it(shop: Connector) -> None:
    ContactAttribute.objects.create(name="age", label="Age", kind="number")
    action = planned("save_contact", {"number": NUMBER}, attribute_age="{{body.age}}")
    done = do(shop, action, {**BODY, "age": "old"})
    assert done.outcome == FAILED
    assert "Age" in done.detail
    assert not Contact.objects.exists()


def test_a_tag_is_checked_once_it_is_known(shop: Connector) -> None:
    action = planned("add_tag", {"number": NUMBER}, tag="{{body.tag}}")
    assert do(shop, action, {**BODY, "tag": "vip"}).outcome == "added"
    done = do(shop, action, {**BODY, "tag": "x" * 1_000})
    assert (done.outcome, done.detail[:4]) == (FAILED, "Tag:")


# Settings


@pytest.mark.parametrize(
    ("name", "whom", "settings", "field"),
    [
        ("add_tag", {}, {"tag": "a"}, "whom.number"),
        ("add_tag", {"number": "{{settings.X}}"}, {"tag": "a"}, "whom.number"),
        ("add_tag", {"number": ASHA}, {"tag": "{{body."}, "settings.tag"),
        ("add_tag", {"number": ASHA}, {"tag": "{{secrets.K}}"}, "settings.tag"),
        ("add_tag", {"number": ASHA, "channel": 1}, {"tag": "a"}, "whom.channel"),
        ("add_tag", {"number": ASHA}, {"tagg": "a"}, "settings.tagg"),
        ("assign", {"number": ASHA}, {}, "whom.channel"),
        ("send_message", {"number": ASHA, "channel": 5}, {}, "whom.channel"),
        ("reply", {}, {"text": "a"}, "action"),
        ("nothing", {}, {}, "action"),
    ],
)
def test_settings_that_cannot_be_kept_name_their_place(
    name: str, whom: dict[str, Any], settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        action_settings.checked(name, whom, settings)
    assert refused.value.field == field


def test_actions_are_told_in_words(sms: Channel) -> None:
    told = action_settings.told([send(sms, "Hi {{body.customer.name}}")])
    assert told == [
        "body › customer › phones[0] on Sandbox 900 · “Hi body › customer › name” "
        "· Opt-out lists: Default opt-out list"
    ]


def test_a_dry_run_changes_nothing(shop: Connector, sms: Channel) -> None:
    assert doing.previewed(add(number=NUMBER), context(shop)).outcome == (
        "would be added"
    )
    message = doing.previewed(send(sms, "Hi {{body.customer.name}}"), context(shop))
    assert (message.outcome, message.detail) == ("would be sent", "Hi Asha")
    tag = planned("add_tag", {"number": NUMBER}, tag="vip")
    assert doing.previewed(tag, context(shop)).detail == "vip"
    assert not Entry.objects.exists() and not Contact.objects.exists()
