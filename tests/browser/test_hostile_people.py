"""People whose names and words are hostile, in a real browser: nothing of them runs."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from teambox.models import Conversation
from tests import town
from tests.browser.conftest import NARROW, TOO_WIDE_PX, PageAs, toast
from tests.routes import page_routes
from tests.teambox.people import say
from tests.town import Said, Town

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whatever asks for something, asks for this word.
SHORT = '"><img src=/payload onerror=alert(1)>'
NAME = f"\u202e\u200b{SHORT}<a href=javascript:alert(2)>{{{{7*7}}}}{'W' * 60}"
WORDS = (
    "<script>alert(3);document.title='payload'</script>"
    '<img src="https://evil.example/payload" onerror="alert(4)">'
    "<svg onload=alert(5)></svg><a href='javascript:alert(6)'>here</a>"
    '<div hx-get="/payload" hx-trigger="load" hx-on::load="alert(7)">x</div>'
    '<b data-panel-person="/payload" data-confirm="payload" data-src="/payload">y</b>'
    "' autofocus onfocus=alert(8) x='\u202e\u200b{{7*7}}{% debug %}${7*7}=HYPERLINK(1)"
    f"{'W' * 300}"
)
MORE = (
    "/contacts/{other contact}/merge/?other={contact}",
    "/contacts/?tag={tag}",
    "/imports/{done import}/",
    "/teambox/?tab=all",
    "/opt-out/{list}/?live=",
    "/broadcaster/{withheld report}/report/",
    "/review/?decided=1",
)
# Elements that the words above became; in our pages nothing has such attributes.
COME_ALIVE = """() => [...document.querySelectorAll("*")].filter(
  (one) => [...one.attributes].some(
    ({ name, value }) => /^(on|hx-on)/.test(name)
      || (/^(src|href|action|hx-|data-panel|data-src)/.test(name)
        && /payload|^javascript:/i.test(value)),
  ),
).map((one) => one.outerHTML.slice(0, 200))"""


@pytest.fixture
def settled(live_server: object) -> Town:
    return town.build(Said(name=NAME, short=SHORT, words=WORDS))


@pytest.fixture
def page(page_as: PageAs, settled: Town) -> Iterator[Page]:
    """A narrow page of somebody who may see all; what the words do fails the test."""
    page = page_as("Admin", size=NARROW)
    User.objects.update(is_staff=True, is_superuser=True)
    happened: list[str] = []
    page.on("dialog", lambda one: (happened.append(one.message), one.dismiss()))
    page.on("request", lambda one: happened.append(one.url))
    yield page
    page.wait_for_load_state("networkidle")
    own = urlsplit(page.url).netloc
    asked = (
        url
        for url in happened
        if urlsplit(url).netloc != own or "payload" in urlsplit(url).path
    )
    assert list(asked) == []


def showing(settled: Town) -> list[str]:
    """The pages that show some of the words, as somebody meets them who may see all."""
    browser = Client()
    browser.force_login(User.objects.get())
    urls = [reverse(one.name, kwargs=settled.arguments(one)) for one in page_routes()]
    urls += [url.format(**settled.ids) for url in MORE]
    answers = {url: browser.get(url) for url in urls}
    return [
        url
        for url, answer in answers.items()
        if answer.status_code == 200
        and not answer.streaming
        and b"<html" in answer.content
        and b"payload" in answer.content
    ]


def assert_inert(page: Page, url: str) -> None:
    assert page.evaluate(COME_ALIVE) == [], url
    assert page.title() != "payload", url
    assert page.evaluate(TOO_WIDE_PX) <= 1, url


def test_hostile_words_are_text_on_every_page(page: Page, settled: Town) -> None:
    urls = showing(settled)
    assert len(urls) > 30
    for url in urls:
        page.goto(url, wait_until="load")
        assert_inert(page, url)


def test_hostile_words_are_text_in_the_admin(page: Page) -> None:
    of_people = (
        one for one in admin.site._registry if one._meta.app_label == "teambox"
    )
    for model in of_people:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        page.goto(reverse(name), wait_until="load")
        assert page.title() != "payload"


def test_hostile_words_are_text_in_what_is_swapped_in(page: Page) -> None:
    talk = Conversation.objects.get()
    page.goto(f"/teambox/{talk.pk}/?tab=all")
    say(talk.channel, f"Again {WORDS}")
    page.evaluate("document.body.dispatchEvent(new Event('conversationChanged'))")
    expect(page.locator(".bubble", has_text="Again <script>")).to_be_visible()
    page.get_by_label("Write to the person").press_sequentially("/hel")
    page.get_by_role("button", name="/hello").click()
    expect(page.get_by_label("Write to the person")).to_have_value(WORDS)
    assert_inert(page, "thread")


def test_hostile_words_are_text_in_the_panel_and_a_try_out(page: Page) -> None:
    page.goto(f"/panel/{town.BOTH[0].key}/")
    page.get_by_role("button", name="Copy as text").click()
    page.get_by_role("checkbox", name="Default opt-out list").uncheck()
    page.get_by_role("checkbox", name=SHORT).check()
    page.get_by_role("button", name="Add to Opt-Out List").click()
    expect(toast(page, SHORT)).to_be_visible()
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_role("alertdialog")).to_contain_text(
        NAME.lstrip("\u202e\u200b")[:60]
    )
    assert_inert(page, "panel")
    page.goto("/smart-replies/")
    page.get_by_label("Message").fill(SHORT)
    expect(page.locator("#trial .bubble")).to_contain_text("<script>alert(3)")
    assert_inert(page, "try-out")
