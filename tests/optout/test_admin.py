"""The admin: rows of flows are looked at, the rest is asked by the pages' forms."""

from datetime import time
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from optout import access, addresses, holds, hours, list_deletion, webhooks
from optout.access import Role
from optout.admin.base import ReadOnly
from optout.models import (
    ApiKey,
    BulkRemoval,
    Channel,
    DeliveryState,
    Entry,
    IdempotentRequest,
    ImportJob,
    OptOutList,
    Reason,
    SandboxMessage,
    Source,
    default_list,
    live_entries,
)
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
)
from tests.page_clients import errors_of, text_of

pytestmark = pytest.mark.django_db

OURS: dict[type[Model], Any] = {
    model: door
    for model, door in admin.site._registry.items()
    if model._meta.app_label in ("optout", "auth")
}
READ_ONLY = [model for model, door in OURS.items() if isinstance(door, ReadOnly)]
PASSWORD = "pa55-of-the-mail-server"


def name_of(model: type[Model]) -> str:
    return model.__name__


def url_of(model: type[Model], page: str, *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


@pytest.fixture
def browser() -> Client:
    return browser_of(User.objects.create_superuser("root"))


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff(*permissions: str) -> Client:
    """A browser of somebody who may enter the admin, and may do just this."""
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(access._permissions(permissions))
    return browser_of(user)


@pytest.fixture
def rows() -> dict[type[Model], Model]:
    """A row of every model, made as the product makes it."""
    make_mail_channel()
    promotions = make_list()
    promotions.webhook_url = "https://example.com/hook"
    promotions.save(update_fields=["webhook_url"])
    opt_out(ASHA, promotions)
    queue(make_batch(make_channel()), RAHUL)
    drain()
    webhooks.announce_test(promotions)
    address = addresses.parse(LEENA)
    holds.hold(address=address, channel_id=201, text="stop?", reason="unclear")
    key, _ = access.create_api_key(name="shop", role=Role.ADMIN)
    IdempotentRequest.objects.create(api_key=key, key="k", fingerprint="f")
    BulkRemoval.objects.create(list=promotions, upper_id=1, total=1, below_id=2)
    job = ImportJob.objects.create(list=promotions, kind="entries", row_count=1)
    job.keys.create(key=address.key, part="entries", row=2)
    job.problems.create(row=3, cells=["nobody"], message="This is no phone number.")
    User.objects.create_user("somebody")
    hours.find(opens=time(9), closes=time(18), zone="Europe/Madrid")
    return {model: first(model) for model in OURS}


def first(model: type[Model]) -> Model:
    found: Model | None = OURS[model].get_queryset(None).last()
    assert found is not None, model
    return found


def make_mail_channel() -> Channel:
    return make_channel(
        201,
        email=True,
        kind="smtp",
        options={"host": "mail.example.org", "security": "none"},
        credentials={"username": "shop", "password": PASSWORD},
    )


# Every page


def test_every_table_of_this_floor_can_be_looked_at() -> None:
    inlined = {inline.model for door in OURS.values() for inline in door.inlines}
    assert set(apps.get_app_config("optout").get_models()) <= set(OURS) | inlined


@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_lists_and_rows_open(
    browser: Client, rows: dict[type[Model], Model], model: type[Model]
) -> None:
    assert browser.get(url_of(model, "changelist")).status_code == 200
    page = browser.get(url_of(model, "change", rows[model].pk))
    assert page.status_code == 200
    assert browser.get(url_of(model, "history", rows[model].pk)).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_a_row_is_added_only_where_its_flow_can_be_asked(
    browser: Client, model: type[Model]
) -> None:
    refused = {*READ_ONLY, apps.get_model("optout", "Workspace")}
    expected = 403 if model in refused else 200
    assert browser.get(url_of(model, "add")).status_code == expected


@pytest.mark.once
@pytest.mark.parametrize("model", [*READ_ONLY, Entry, ApiKey], ids=name_of)
def test_what_flows_write_is_neither_changed_nor_deleted(
    browser: Client, rows: dict[type[Model], Model], model: type[Model]
) -> None:
    for page in ("change", "delete"):
        answer = browser.post(url_of(model, page, rows[model].pk), {"post": "yes"})
        assert answer.status_code == 403
    assert model._default_manager.filter(pk=rows[model].pk).exists()


@pytest.mark.once
@pytest.mark.parametrize("model", [m for m in OURS if m not in (User, Group)])
def test_no_rows_are_deleted_in_bulk(browser: Client, model: type[Model]) -> None:
    request = browser.get(url_of(model, "changelist")).wsgi_request
    assert "delete_selected" not in OURS[model].get_actions(request)


@pytest.mark.once
@pytest.mark.parametrize("model", OURS, ids=name_of)
def test_staff_without_a_permission_see_nothing(
    rows: dict[type[Model], Model], model: type[Model]
) -> None:
    client = staff()
    pages = [url_of(model, "changelist"), url_of(model, "add")]
    pages.append(url_of(model, "change", rows[model].pk))
    assert {client.get(page).status_code for page in pages} == {403}


def test_a_stranger_is_sent_to_the_log_in() -> None:
    answer = Client().get(url_of(Entry, "add"))
    assert (answer.status_code, "/login/" in answer["Location"]) == (302, True)


@pytest.mark.once
def test_no_secret_stands_on_any_page(
    browser: Client, rows: dict[type[Model], Model]
) -> None:
    secrets = [PASSWORD, "whsec_", "gAAAA", str(first(ApiKey).digest)]  # type: ignore[attr-defined]
    for model, row in rows.items():
        for url in (url_of(model, "changelist"), url_of(model, "change", row.pk)):
            shown = browser.get(url).content.decode()
            assert [word for word in secrets if word in shown] == [], url


def test_who_may_only_look_at_a_channel_sees_no_credentials() -> None:
    channel = make_mail_channel()
    page = staff("optout.view_channel").get(url_of(Channel, "change", channel.pk))
    assert page.status_code == 200
    assert PASSWORD not in page.content.decode()


# Entries


def added(browser: Client, **more: object) -> Any:
    values = {"lists": [default_list().pk], "number": ASHA, "channel": 0}
    return browser.post(url_of(Entry, "add"), values | {"reason_code": "staff"} | more)


def test_an_entry_is_added_to_many_lists_for_both_addresses(browser: Client) -> None:
    ids = [default_list().pk, make_list().pk]
    answer = added(browser, lists=ids, email=LEENA, note="Called us")
    assert answer.status_code == 302
    assert live_entries().filter(source=Source.ADMIN, note="Called us").count() == 4
    assert set(live_entries().values_list("actor_label", flat=True)) == {"root"}


def test_an_address_that_is_none_is_named_and_nothing_is_added(browser: Client) -> None:
    answer = added(browser, number="hello")
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["number"]
    assert not Entry.objects.exists()


def chosen(action: str, entry: Entry, **more: object) -> dict[str, object]:
    return {"action": action, "_selected_action": [entry.pk], **more}


def test_an_entry_of_staff_is_removed_without_a_reason(browser: Client) -> None:
    entry = opt_out(ASHA).entries[0]
    url = url_of(Entry, "changelist")
    assert "Remove from list" in text_of(
        browser.post(url, chosen("remove_from_list", entry))
    )
    assert live_entries().exists()
    browser.post(url, chosen("remove_from_list", entry, decided=1))
    entry.refresh_from_db()
    assert (entry.is_live, entry.ended_source) == (False, Source.ADMIN)


def test_an_entry_the_person_made_asks_for_the_reason(browser: Client) -> None:
    entry = opt_out(ASHA, reason=Reason.PERSON).entries[0]
    url, asked = url_of(Entry, "changelist"), chosen("remove_from_list", entry)
    assert browser.post(url, asked | {"decided": 1}).status_code == 422
    assert live_entries().exists()
    browser.post(url, asked | {"decided": 1, "reason": "asked_by_phone"})
    entry.refresh_from_db()
    assert entry.ended_reason == "asked_by_phone"


def test_the_power_to_remove_is_the_one_of_the_role() -> None:
    entry = opt_out(ASHA, reason=Reason.LEGAL).entries[0]
    client = staff("optout.view_entry", "optout.lift_entry")
    asked = chosen("remove_from_list", entry, decided=1, reason="test")
    page = client.post(url_of(Entry, "changelist"), asked, follow=True)
    assert "1 stayed" in text_of(page)
    assert live_entries().exists()


def test_a_removed_entry_is_put_back(browser: Client) -> None:
    entry = opt_out(ASHA).entries[0]
    url = url_of(Entry, "changelist")
    browser.post(url, chosen("remove_from_list", entry, decided=1))
    browser.post(url, chosen("put_back", entry))
    assert live_entries().get() == entry


def test_more_than_a_page_is_removed_elsewhere(browser: Client) -> None:
    for number in range(101):
        opt_out(f"+1555010{number:04}")
    everyone = list(live_entries().values_list("pk", flat=True))
    asked = {"action": "remove_from_list", "_selected_action": everyone, "decided": 1}
    page = browser.post(url_of(Entry, "changelist"), asked, follow=True)
    assert "At most 100" in text_of(page)
    assert live_entries().count() == 101


@pytest.mark.parametrize(
    ("typed", "found"), [("tel:+34-600-111-222", 1), (RAHUL, 0), ("nobody", 0)]
)
def test_the_search_knows_every_spelling(
    browser: Client, typed: str, found: int
) -> None:
    opt_out(ASHA)
    page = browser.get(url_of(Entry, "changelist"), {"q": typed})
    assert page.context["cl"].result_count == found


# Lists

OFFERS = {"name": "Offers", "keyword": "OFFERS OFF", "message": "Bye."}


def test_a_list_is_made_and_changed_by_the_rules_of_its_page(browser: Client) -> None:
    refused = browser.post(
        url_of(OptOutList, "add"), OFFERS | {"keyword": "UNSUBSCRIBE"}
    )
    assert (refused.status_code, list(errors_of(refused))) == (422, ["keyword"])
    browser.post(url_of(OptOutList, "add"), OFFERS)
    made = OptOutList.objects.get(name="Offers")
    browser.post(
        url_of(OptOutList, "change", made.pk), OFFERS | {"aliases": "NO DEALS"}
    )
    assert (made.keyword, made.aliases) == ("OFFERS OFF", ["NO DEALS"])


def test_the_default_list_is_changed_but_never_deleted(browser: Client) -> None:
    row = default_list()
    url = url_of(OptOutList, "change", row.pk)
    assert "Delete" not in text_of(browser.get(url))
    for call in (browser.get, browser.post):
        page = call(url_of(OptOutList, "delete", row.pk), follow=True)
        assert "can be edited, but never deleted" in text_of(page)
    assert default_list() == row


def test_deleting_another_list_is_asked_on_its_page(browser: Client) -> None:
    row = make_list()
    answer = browser.post(url_of(OptOutList, "delete", row.pk))
    assert answer["Location"] == reverse("list-delete", args=[row.pk])
    assert OptOutList.objects.filter(pk=row.pk, state="active").exists()


def test_a_deleted_list_is_history(browser: Client) -> None:
    row = make_list()
    list_deletion.delete(row, move_to=default_list())
    assert browser.get(url_of(OptOutList, "change", row.pk)).status_code == 200
    assert browser.post(url_of(OptOutList, "change", row.pk), OFFERS).status_code == 403


# Channels


def mail_form(**more: object) -> dict[str, object]:
    values = {
        "name": "Mail",
        "sender": "shop@example.org",
        "rate": 5,
        "security": "none",
    }
    return values | {"host": "mail.example.org", "is_active": "on"} | more


def test_blank_credentials_keep_what_is_stored(browser: Client) -> None:
    channel = make_mail_channel()
    answer = browser.post(url_of(Channel, "change", 201), mail_form(help_text="Hi"))
    assert answer.status_code == 302
    channel.refresh_from_db()
    assert (channel.help_text, channel.credentials["password"]) == ("Hi", PASSWORD)


def test_a_channel_is_made_by_the_form_of_its_kind(browser: Client) -> None:
    url = url_of(Channel, "add") + "?kind=smtp"
    login = {"username": "shop", "password": "other"}
    browser.post(url, mail_form(channel_id=207, **login))
    made = Channel.objects.get(pk=207)
    assert (made.kind, made.address_kind, made.credentials) == ("smtp", "email", login)


def test_the_row_for_all_channels_is_no_channel(browser: Client) -> None:
    answer = browser.get(url_of(Channel, "change", 0))
    assert answer.status_code == 302  # to the index, as for any row that is not there


# Keys and deliveries


def test_a_key_is_shown_once_and_opens_the_api(browser: Client) -> None:
    values = {"name": "shop", "role": "Compliance", "days": 30}
    shown = browser.post(url_of(ApiKey, "add"), values)
    text = shown.context["key"]
    key = access.find_api_key(text)
    assert key is not None and key.role.name == "Compliance"
    assert key.created_by is not None and key.expires_at is not None
    assert text in shown.content.decode() and "no-store" in shown["Cache-Control"]
    for url in (url_of(ApiKey, "changelist"), url_of(ApiKey, "change", key.pk)):
        assert text not in browser.get(url).content.decode()


def test_a_revoked_key_opens_nothing(browser: Client) -> None:
    key, text = access.create_api_key(name="shop", role=Role.AGENT)
    asked = {"action": "revoke", "_selected_action": [key.pk]}
    browser.post(url_of(ApiKey, "changelist"), asked)
    assert access.find_api_key(text) is None


def test_a_failed_delivery_is_sent_again(browser: Client) -> None:
    delivery = webhooks.announce_test(make_list())
    type(delivery).objects.update(state=DeliveryState.EXHAUSTED, attempts=10)
    asked = {"action": "resend", "_selected_action": [delivery.pk]}
    browser.post(url_of(type(delivery), "changelist"), asked)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 0)


def test_reading_what_was_sent_marks_nothing(browser: Client) -> None:
    queue(make_batch(make_channel()), ASHA)
    drain()
    message = SandboxMessage.objects.get()
    browser.get(url_of(SandboxMessage, "change", message.pk))
    message.refresh_from_db()
    assert message.opened_at is None
