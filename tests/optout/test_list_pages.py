"""The pages of the opt-out lists: overview, form, signing secret, deletion."""

from typing import Any

import pytest
from django.test import Client

from optout import lists
from optout.access import Role
from optout.models import (
    Entry,
    ListState,
    OptOutList,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.factories import ASHA, RAHUL, make_batch, make_channel, make_list, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of

pytestmark = pytest.mark.django_db

NEW = {"name": "Offers", "keyword": "OFFERS OFF", "message": "Bye."}
HOOK = "https://hooks.example.com/optout"


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.ADMIN)


def made() -> OptOutList:
    return OptOutList.objects.get(name="Offers")


def failed_delivery(listed: OptOutList, state: str) -> None:
    listed.webhook_url = HOOK
    listed.save()
    WebhookDelivery.objects.create(
        list=listed, event="test", body="{}", state=state, webhook_id=f"msg_{listed.pk}"
    )


# Overview


def test_the_overview_asks_a_fixed_number_of_queries(browser: Client) -> None:
    failed_delivery(make_list(), "exhausted")
    before = queries_of(browser, "/opt-out/")
    for number in range(4):
        failed_delivery(make_list(f"List {number}", f"LIST {number} OFF"), "retry")
    assert queries_of(browser, "/opt-out/") == before


def test_the_overview_shows_the_rolled_up_counts(browser: Client) -> None:
    opt_out(ASHA, make_list())
    lists.roll_up_counts()
    assert "Promotions PROMO OFF 1 +1 None" in text_of(browser.get("/opt-out/"))


@pytest.mark.parametrize(
    ("state", "shown"),
    [("delivered", "Healthy"), ("retry", "Retrying"), ("exhausted", "Failed")],
)
def test_webhook_health_follows_the_deliveries(
    browser: Client, state: str, shown: str
) -> None:
    failed_delivery(make_list(), state)
    assert f"PROMO OFF 0 0 {shown}" in text_of(browser.get("/opt-out/"))


def test_a_list_that_no_send_uses_is_marked(browser: Client) -> None:
    make_batch(make_channel(), default_list())
    make_list()
    page = text_of(browser.get("/opt-out/"))
    assert page.count("No send uses it: people on it are still written to") == 1
    assert "1 send" in page


def test_only_other_lists_offer_delete_list(browser: Client) -> None:
    custom = make_list()
    page = browser.get("/opt-out/").content.decode()
    assert f"/opt-out/{custom.pk}/delete/" in page
    assert f"/opt-out/{default_list().pk}/delete/" not in page


def test_an_agent_sees_the_lists_and_no_way_to_change_them() -> None:
    page = browser_of(Role.AGENT).get("/opt-out/").content.decode()
    assert "Default opt-out list" in page
    for hidden in ("Create New Opt List", "/edit/", "/export/", "/delete/"):
        assert hidden not in page


def test_a_hostile_name_is_shown_as_text(browser: Client) -> None:
    make_list("<script>alert(1)</script>")
    page = browser.get("/opt-out/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


# Making and editing


def test_a_list_is_made_with_its_words(browser: Client) -> None:
    more = {"aliases": "NO OFFERS\r\nSIN OFERTAS\r\n", "start_keyword": "OFFERS ON"}
    answer: Any = browser.post("/opt-out/new/", NEW | more)
    assert answer.url == f"/opt-out/{made().pk}/"
    assert made().aliases == ["NO OFFERS", "SIN OFERTAS"]
    assert made().start_keyword == "OFFERS ON"


def test_the_form_has_the_labels_of_the_original(browser: Client) -> None:
    words = text_of(browser.get("/opt-out/new/", headers=HTMX))
    for label in (
        "Create New Opt List",
        "Opt-out list name",
        "Opt-out description",
        "Opt-out keyword",
        "Opt-out message",
        "Webhook URL",
    ):
        assert label in words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 51),
        ("name", "promoTIONS"),
        ("name", "a\x00b"),
        ("description", "x" * 301),
        ("message", ""),
        ("message", "x" * 301),
        ("keyword", ""),
        ("keyword", "x" * 51),
        ("keyword", "promo off!"),
        ("keyword", "STOP"),
        ("keyword", "START"),
        ("keyword", "🙂"),
        ("aliases", "HELP"),
        ("aliases", "offers off"),
        ("start_keyword", "STOP"),
        ("public_name", "x" * 51),
        ("webhook_url", "http://127.0.0.1/"),
        ("webhook_url", "javascript:alert(1)"),
        ("webhook_url", "https://169.254.169.254/latest/"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(
    browser: Client, field: str, value: str
) -> None:
    make_list()
    answer = browser.post("/opt-out/new/", NEW | {field: value})
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert OptOutList.objects.count() == 2


def test_a_line_break_counts_once_as_it_does_on_the_page(browser: Client) -> None:
    text = "x" * 149 + "\r\n" + "y" * 150
    assert browser.post("/opt-out/new/", NEW | {"message": text}).status_code == 302


def test_a_field_in_error_is_tied_to_its_message(browser: Client) -> None:
    page = browser.post("/opt-out/new/", NEW | {"name": ""}).content.decode()
    assert 'id="id_name_error"' in page
    assert 'aria-invalid="true"' in page


def test_the_secret_is_shown_once(browser: Client) -> None:
    answer: Any = browser.post("/opt-out/new/", NEW | {"webhook_url": HOOK})
    secret = made().webhook_secrets["current"]
    assert secret in browser.get(answer.url).content.decode()
    assert "whsec_" not in browser.get(answer.url).content.decode()


def test_a_new_secret_replaces_the_old_and_is_shown_once(browser: Client) -> None:
    listed = make_list()
    old = listed.webhook_secrets["current"]
    page = browser.post(f"/opt-out/{listed.pk}/secret/", follow=True)
    listed.refresh_from_db()
    assert listed.webhook_secrets["previous"] == old
    assert listed.webhook_secrets["current"] in page.content.decode()


def test_editing_keeps_the_words_that_were_not_touched(browser: Client) -> None:
    listed = make_list()
    form = browser.get(f"/opt-out/{listed.pk}/edit/").context["form"]
    values = {name: form[name].value() or "" for name in form.fields}
    del values["webhook_on_lift"]
    browser.post(f"/opt-out/{listed.pk}/edit/", values | {"name": "Sales"})
    listed = OptOutList.objects.get(pk=listed.pk)
    assert (listed.name, listed.keyword) == ("Sales", "PROMO OFF")


def test_the_default_list_keeps_its_stop_when_edited(browser: Client) -> None:
    values = {"name": "Everything", "keyword": "STOP", "message": "Bye."}
    listed = default_list()
    assert browser.post(f"/opt-out/{listed.pk}/edit/", values).status_code == 302
    assert default_list().name == "Everything"


def test_an_edit_from_a_dialog_reloads_the_page_below(browser: Client) -> None:
    url = f"/opt-out/{make_list().pk}/edit/"
    answer = browser.post(url, NEW, headers=HTMX)
    assert answer["HX-Refresh"] == "true"


# Deleting


def delete(browser: Client, listed: OptOutList, **values: Any) -> Any:
    return browser.post(f"/opt-out/{listed.pk}/delete/", values)


def test_the_default_list_is_not_deleted(browser: Client) -> None:
    answer = delete(browser, default_list(), what="move", move_to=make_list().pk)
    assert answer.status_code == 403
    assert "The default list can be edited, but never deleted." in text_of(answer)
    assert default_list().state == ListState.ACTIVE


def test_the_dialog_says_what_a_deletion_touches(browser: Client) -> None:
    listed = make_list()
    opt_out(ASHA, listed)
    opt_out(RAHUL, listed, default_list())
    make_batch(make_channel(), listed)
    words = text_of(browser.get(f"/opt-out/{listed.pk}/delete/"))
    assert "Entries 2 On no other list 1 person only this list protects" in words
    assert "Used by 1 × API send" in words


def test_deleting_moves_the_entries_to_the_default_list(browser: Client) -> None:
    listed = make_list()
    opt_out(ASHA, listed)
    delete(browser, listed, what="move", move_to=default_list().pk)
    assert live_entries().get().list == default_list()


def test_removing_the_entries_needs_a_reason_and_the_name(browser: Client) -> None:
    listed = make_list()
    opt_out(ASHA, listed)
    answer = delete(browser, listed, what="remove", typed_name="promotions")
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"reason", "typed_name"}
    assert live_entries().count() == 1


def test_an_admin_removes_the_entries_with_reason_and_name(browser: Client) -> None:
    listed = make_list()
    opt_out(ASHA, listed)
    delete(browser, listed, what="remove", reason="Over", typed_name="Promotions")
    assert live_entries().count() == 0
    assert Entry.objects.count() == 1


def test_compliance_can_move_entries_but_not_remove_them() -> None:
    listed = make_list()
    opt_out(ASHA, listed)
    values = {"what": "remove", "reason": "Over", "typed_name": "Promotions"}
    assert delete(browser_of(Role.COMPLIANCE), listed, **values).status_code == 422
    assert live_entries().count() == 1


def test_a_deleted_list_says_where_its_entries_went(browser: Client) -> None:
    listed = make_list()
    delete(browser, listed, what="move", move_to=default_list().pk)
    answer = browser.get(f"/opt-out/{listed.pk}/")
    assert answer.status_code == 404
    assert "were moved to “Default opt-out list”" in text_of(answer)


# Access

EVERYBODY = set(Role)
STAFF = {Role.COMPLIANCE, Role.ADMIN}
PAGES = {
    "/opt-out/": EVERYBODY,
    "/opt-out/{pk}/": EVERYBODY,
    "/opt-out/new/": STAFF,
    "/opt-out/{pk}/edit/": STAFF,
    "/opt-out/{pk}/secret/": STAFF,
    "/opt-out/{pk}/delete/": STAFF,
    "/opt-out/{pk}/export/": STAFF,
    "/opt-out/{pk}/add/": EVERYBODY,
    "/opt-out/{pk}/remove/": EVERYBODY - {Role.AGENT},
    "/opt-out/entries/{entry}/remove/": EVERYBODY,
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", Role)
def test_each_page_is_open_to_its_roles(page: str, role: Role) -> None:
    listed = make_list()
    entry = opt_out(ASHA, listed).entries[0]
    answer = browser_of(role).get(page.format(pk=listed.pk, entry=entry.pk))
    assert answer.status_code == (200 if role in PAGES[page] else 403)


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_the_log_in(client: Client, page: str) -> None:
    answer: Any = client.get(page.format(pk=1, entry=1))
    assert answer.url.startswith("/login/")
