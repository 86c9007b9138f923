"""A browser, pages for each role, and what a page must never do in any test."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, Response, sync_playwright

from optout.models import Channel
from tests.factories import make_channel

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = (1280, 860)
NARROW = (390, 844)
# Both schemes and both sizes; each page is judged in two of the four.
LOOKS = [("light", NARROW), ("dark", (1280, 860))]
TIMEOUT_MS = 8_000
INVALID_FORM = 422  # a form that is shown again with its errors
TOO_WIDE_PX = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth - clientWidth;
}"""

PageAs = Callable[..., Page]


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One Chromium; it ends with these tests, as its event loop disturbs others."""
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as driver:
        # Playwright leaves an event loop on the thread, where the ORM would refuse.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        started = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def noise() -> Iterator[list[str]]:
    """What pages complained about; a test with any of it fails."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def open_page(browser: Browser, live_server, settings, tmp_path, noise) -> PageAs:
    """Opens a page for a stranger: `open_page("/login/", size=NARROW)`."""
    settings.PUBLIC_URL = live_server.url
    settings.MEDIA_ROOT = tmp_path
    contexts = []

    def open_one(
        path: str = "/login/",
        *,
        size: tuple[int, int] = WIDE,
        scheme: str = "light",
        scripts: bool = True,
        cookies: list[dict[str, str]] | None = None,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        context.add_cookies(cookies or [])
        context.on("page", lambda opened: listen(opened, noise))
        page = context.new_page()
        page.goto(path)
        return page

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page_as(open_page: PageAs, live_server) -> PageAs:
    """Opens a page for a role: `page_as("Marketer", "/opt-out/")`."""

    def open_for(role: str, path: str = "/", **how: object) -> Page:
        return open_page(path, cookies=[session_of(role, live_server.url)], **how)

    return open_for


def session_of(role: str, url: str) -> dict[str, str]:
    """The cookie of a user who has this role, logged in."""
    user, _ = User.objects.get_or_create(username=role.lower())
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    name = django_settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


def listen(page: Page, noise: list[str]) -> None:
    """Note script errors, console errors and failed requests of a page."""

    def note_response(response: Response) -> None:
        if response.status >= 400 and response.status != INVALID_FORM:
            noise.append(f"{response.status} {response.url}")

    def note_console(message) -> None:
        if message.type in ("error", "warning") and "422" not in message.text:
            noise.append(f"console {message.type}: {message.text}")

    page.on("response", note_response)
    page.on("console", note_console)
    page.on("pageerror", lambda error: noise.append(f"script error: {error}"))


@pytest.fixture
def sms(live_server) -> Channel:
    return make_channel(900, name="Sandbox phone")


@pytest.fixture
def mailbox(live_server) -> Channel:
    return make_channel(901, email=True, name="Sandbox mailbox")


def toast(page: Page, text: str) -> Locator:
    return page.locator(".toast", has_text=text)


def assert_accessible(page: Page) -> None:
    """axe finds nothing, one heading leads, and nothing is wider than the screen."""
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.locator("h1").count() == 1
    assert page.evaluate(TOO_WIDE_PX) <= 1
