"""The builder of smart replies: roles, refusals, order, and the try-out."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from optout.access import Role
from optout.models import Channel, default_list, live_entries
from teambox.models import (
    ContactAttribute,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
)
from tests.factories import make_list
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of
from tests.teambox.replies import ADD, NO_OFFERS, REMOVE, adding, make_reply, removing

pytestmark = pytest.mark.django_db
URL = "/smart-replies/"
QUESTION = {
    "category": "new",
    "new_category": "Offers",
    "phrasings": "no more offers\r\n\r\nstop the offers",
    "answer": "Done,\r\n{{name|friend}}.",
    "is_active": "on",
}


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.MARKETER)


def action_url(row: SmartReply, name: str) -> str:
    return reverse("smart-reply-action-new", args=[row.pk, name])


def tried(browser: Client, text: str) -> str:
    """What the try-out says about a message."""
    page = browser.get(URL, {"text": text}, headers={**HTMX, "HX-Target": "trial"})
    return text_of(page)


# Building


def test_a_question_is_made_in_a_new_category(browser: Client) -> None:
    answer = browser.post(f"{URL}new/", QUESTION)
    row = SmartReply.objects.get()
    assert answer.url == f"{URL}{row.pk}/"
    assert row.category.name == "Offers"
    assert row.phrasings == ["no more offers", "stop the offers"]
    assert row.answer == "Done,\n{{name|friend}}."


def test_a_question_is_changed_and_moves_to_the_end_of_its_category(
    browser: Client,
) -> None:
    make_reply("one", category="Other")
    row = make_reply("two")
    other = SmartReplyCategory.objects.get(name="Other")
    browser.post(f"{URL}{row.pk}/", {"category": other.pk, "phrasings": "three"})
    assert [str(one) for one in other.replies.all()] == ["one", "three"]
    assert not other.replies.last().is_active


WRONG = [
    ({"phrasings": " "}, "phrasings"),
    ({"phrasings": "👍"}, "phrasings"),
    ({"phrasings": "x" * 201}, "phrasings"),
    ({"phrasings": "\n".join(f"a{n}" for n in range(51))}, "phrasings"),
    ({"answer": "{{town}}"}, "answer"),
    ({"answer": "x" * 4_001}, "answer"),
    ({"new_category": ""}, "new_category"),
    ({"category": "77"}, "category"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_refused_question_is_shown_again_with_its_field(
    browser: Client, wrong: dict[str, str], field: str
) -> None:
    answer = browser.post(f"{URL}new/", QUESTION | wrong)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert not SmartReply.objects.exists()


def test_an_answer_may_hold_what_contacts_have(browser: Client) -> None:
    ContactAttribute.objects.create(name="town", label="Town")
    browser.post(f"{URL}new/", QUESTION | {"answer": "{{town|there}}"})
    assert SmartReply.objects.get().answer == "{{town|there}}"


def test_a_category_has_intents_and_a_name_of_its_own(browser: Client) -> None:
    make_reply(category="Offers")
    given = {"name": "orders", "intents": "order\nparcel", "is_active": "on"}
    assert browser.post(f"{URL}categories/new/", given).status_code == 302
    made = SmartReplyCategory.objects.get(name="orders")
    assert made.intents == ["order", "parcel"]
    again = browser.post(f"{URL}categories/new/", given | {"name": "OFFERS"})
    assert again.status_code == 422
    assert list(errors_of(again)) == ["name"]


def test_a_category_goes_with_its_questions(browser: Client) -> None:
    row = make_reply(actions=(adding(default_list()),))
    browser.post(f"{URL}categories/{row.category_id}/delete/")
    assert not SmartReply.objects.exists()
    assert not SmartReplyAction.objects.exists()


def test_the_settings_are_kept(browser: Client, sms: Channel) -> None:
    given = {"default_reply": "Soon.", "off_channels": [sms.pk]}
    assert browser.post(f"{URL}settings/", given).status_code == 302
    kept = SmartReplySettings.load()
    assert (kept.is_on, kept.default_reply) == (False, "Soon.")
    assert list(kept.off_channels.all()) == [sms]
    refused = browser.post(f"{URL}settings/", {"off_channels": ["9" * 30]})
    assert refused.status_code == 422


def test_the_example_is_inserted_once_and_switched_off(browser: Client) -> None:
    assert "Insert an example" in text_of(browser.get(URL))
    for _ in range(2):
        browser.post(f"{URL}example/")
    category = SmartReplyCategory.objects.get()
    assert not category.is_active
    assert category.replies.count() == 2


# Actions


def test_a_removal_is_built_with_its_reason_and_its_tick(browser: Client) -> None:
    row, promo = make_reply(), make_list()
    form = browser.get(action_url(row, REMOVE)).context["form"]
    assert form["lift_what_person_made"].value() is True
    given = {"lists": [promo.pk], "reason": "other", "note": "Came to the shop"}
    browser.post(action_url(row, REMOVE), given)
    assert row.actions.get().settings == {
        "lists": [promo.pk],
        "reason": "other",
        "note": "Came to the shop",
        "lift_what_person_made": False,
    }


WRONG_ACTIONS: list[tuple[str, dict[str, Any], str]] = [
    (ADD, {"reason_code": "person"}, "lists"),
    (ADD, {"lists": ["77"], "reason_code": "person"}, "lists"),
    (ADD, {"lists": ["9" * 30], "reason_code": "person"}, "lists"),
    (REMOVE, {"lists": ["1"], "reason": ""}, "reason"),
    (REMOVE, {"lists": ["1"], "reason": "other"}, "note"),
    ("add_tag", {"tag": "x" * 41}, "tag"),
    ("assign", {"user": "77"}, "user"),
    ("reply", {"text": " "}, "text"),
]


@pytest.mark.parametrize(("name", "given", "field"), WRONG_ACTIONS)
def test_a_refused_action_is_shown_again_with_its_field(
    browser: Client, name: str, given: dict[str, Any], field: str
) -> None:
    row = make_reply()
    answer = browser.post(action_url(row, name), given)
    assert answer.status_code == 422
    assert field in errors_of(answer)
    assert not row.actions.exists()


def test_an_action_is_changed_and_taken_away(browser: Client) -> None:
    row = make_reply(actions=(("add_tag", {"tag": "quiet"}),))
    url = f"{URL}{row.pk}/actions/{row.actions.get().pk}/"
    browser.post(url, {"tag": "loud"})
    assert row.actions.get().settings == {"tag": "loud"}
    shown = browser.post(f"{url}delete/", headers=HTMX)
    assert "None yet" in text_of(shown)
    assert not row.actions.exists()


def test_an_action_of_another_question_is_not_there(browser: Client) -> None:
    row, other = make_reply(actions=(("add_tag", {"tag": "x"}),)), make_reply("other")
    url = f"{URL}{other.pk}/actions/{row.actions.get().pk}/"
    assert browser.post(f"{url}delete/").status_code == 404
    assert browser.get(action_url(row, "fly")).status_code == 404


def test_a_deleted_list_is_shown_as_the_one_in_its_place(browser: Client) -> None:
    promo, news = make_list(), make_list("News", "NEWS OFF")
    row = make_reply(actions=(removing(promo),))
    page = browser_of(Role.ADMIN).get(f"/opt-out/{promo.pk}/delete/")
    assert f"smart reply “{NO_OFFERS}”" in text_of(page)
    promo.replaced_by = news
    promo.save(update_fields=["replaced_by"])
    form = browser.get(f"{URL}{row.pk}/actions/{row.actions.get().pk}/").context["form"]
    assert form["lists"].value() == [news.pk]


# Order


def test_categories_questions_and_actions_are_put_in_order(browser: Client) -> None:
    tags = tuple(("add_tag", {"tag": name}) for name in "abc")
    row, last = make_reply("one", actions=tags), make_reply("two")
    other = make_reply("three", category="Other").category
    browser.post(f"{URL}{last.pk}/move/", {"by": "-1"}, headers=HTMX)
    assert [str(one) for one in row.category.replies.all()] == ["two", "one"]
    browser.post(f"{URL}categories/{other.pk}/move/", {"by": "-1"})
    assert SmartReplyCategory.objects.first() == other
    first = row.actions.first()
    browser.post(f"{URL}{row.pk}/actions/{first.pk}/move/", {"by": "1"})
    assert [one.settings["tag"] for one in row.actions.all()] == ["b", "a", "c"]


@pytest.mark.parametrize("by", ["", "x", "²", "-99", "9" * 30])
def test_a_move_that_makes_no_sense_stays_within_the_category(
    browser: Client, by: str
) -> None:
    row = make_reply("one")
    make_reply("two")
    assert browser.post(f"{URL}{row.pk}/move/", {"by": by}).status_code == 302
    assert [str(one) for one in row.category.replies.all()] == ["one", "two"]


# Trying out


def test_the_try_out_tells_question_answer_and_actions(
    browser: Client, sms: Channel
) -> None:
    make_reply(answer="Done, {{name|friend}}.", actions=(adding(default_list()),))
    told = tried(browser, "Hello! No more offers.")
    assert "Done, friend." in told
    assert "Add to opt-out list Default opt-out list" in told
    assert "It holds all words of “no more offers”" in told
    assert not live_entries().exists()
    assert not SmartReplyRun.objects.exists()


def test_the_try_out_tells_that_a_keyword_comes_first(
    browser: Client, sms: Channel
) -> None:
    make_reply("stop", answer="Bye.", actions=(("add_tag", {"tag": "left"}),))
    told = tried(browser, "STOP")
    assert "Opts out of Default opt-out list" in told
    assert "The actions still run." in told
    assert "Bye." not in told


def test_the_try_out_tells_of_the_default_reply_and_of_nothing(
    browser: Client, sms: Channel
) -> None:
    make_reply()
    assert "No question asks this" in tried(browser, "blue or green?")
    SmartReplySettings.objects.update(default_reply="Soon.")
    assert "The default reply is sent Soon." in tried(browser, "blue or green?")
    SmartReplySettings.objects.update(is_on=False)
    assert "Smart replies are off" in tried(browser, "blue or green?")


def test_a_hostile_answer_is_shown_as_text(browser: Client, sms: Channel) -> None:
    make_reply("<b>hi</b>", answer="<script>alert(1)</script>")
    page = browser.get(URL, {"text": "hi b b"}).content.decode()
    assert "<script>alert" not in page
    assert "<b>hi</b>" not in page


# Who may


@pytest.mark.parametrize("role", list(Role))
def test_everybody_reads_and_senders_build(role: Role) -> None:
    browser, row = browser_of(role), make_reply()
    may_build = role in (Role.MARKETER, Role.ADMIN)
    for path in ("", f"{row.pk}/", "?text=hi"):
        assert browser.get(URL + path).status_code == 200
    assert ("New question" in text_of(browser.get(URL))) == may_build
    for path in BUILDING:
        expected = {200, 302, 405, 422} if may_build else {403}
        url = URL + path.format(row.pk, row.category_id)
        assert browser.post(url, {"by": "1"}).status_code in expected, path


BUILDING = [
    "settings/",
    "example/",
    "new/",
    "categories/new/",
    "categories/{1}/",
    "categories/{1}/move/",
    "{0}/move/",
    "{0}/actions/new/add_tag/",
    "{0}/delete/",
    "categories/{1}/delete/",
]


def test_an_agents_post_changes_no_question() -> None:
    row = make_reply(answer="Done.")
    changed = {"category": row.category_id, "phrasings": "other"}
    browser_of(Role.AGENT).post(f"{URL}{row.pk}/", changed)
    row.refresh_from_db()
    assert row.phrasings == [NO_OFFERS]


def test_a_stranger_is_sent_to_the_log_in(client: Client) -> None:
    row = make_reply()
    for path in ("", "new/", "settings/", f"{row.pk}/", f"{row.pk}/delete/"):
        answer = client.post(URL + path) if "delete" in path else client.get(URL + path)
        assert answer.status_code == 302
        assert answer.url.startswith("/login/")


def test_the_pages_do_not_ask_more_for_more_questions(browser: Client) -> None:
    agent = User.objects.create(username="mina", is_superuser=True)

    def grow(number: int) -> None:
        lists = make_list(f"List {number}", f"LEAVE {number}")
        done = (adding(lists), removing(lists), ("assign", {"user": agent.pk}))
        make_reply(f"question {number}", actions=done, category=f"Topic {number}")

    grow(1)
    browser.get(URL)
    before = queries_of(browser, URL)
    for number in (2, 3):
        grow(number)
    assert queries_of(browser, URL) == before
