"""Markup in what people write and are called, in a real browser: nothing of it runs."""

import pytest
from playwright.sync_api import expect

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from optout.actors import NOBODY, Evidence
from optout.models import OptOutList, default_list
from teambox import inbound
from tests.broadcaster.conftest import csv_of
from tests.browser.conftest import PageAs
from tests.factories import ASHA, drain, make_list, opt_out

pytestmark = pytest.mark.browser

ELSEWHERE = "https://evil.example"
HOSTILE = (
    f'<script>alert(1)</script><img src="{ELSEWHERE}/x" onerror="alert(2)">'
    f'<div hx-get="{ELSEWHERE}/" hx-trigger="load">x</div>{{{{7*7}}}}{{% debug %}}'
)


@pytest.fixture
def town(sms) -> OptOutList:
    """The same text as a message, a note, a list's name, a broadcast and a value."""
    listed = make_list("<img src=x onerror=alert(3)>", "LEAVE IT")
    opt_out(ASHA, listed, evidence=Evidence(note=HOSTILE[:300], wording=HOSTILE[:200]))
    made = broadcasts.create(name=HOSTILE[:100], channel=sms, actor=NOBODY)
    broadcasts.write(made, Words(text="Hi {{name}} Reply STOP"))
    quoted = HOSTILE.replace('"', '""')
    people = csv_of([f'{ASHA},"{quoted}"'], "number,name")
    broadcasts.set_recipients(made, people, file_name=HOSTILE)
    preparing.launch(made, actor=NOBODY)
    inbound.receive(channel=sms, sender=ASHA, text=HOSTILE, message_id="1")
    drain()
    return listed


def test_markup_is_read_as_text_and_asks_nobody(page_as: PageAs, town) -> None:
    page = page_as("Admin", "/sandbox/")
    dialogs: list[str] = []
    asked: list[str] = []
    page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
    page.on("request", lambda one: asked.append(one.url))
    page.reload()
    phone = page.get_by_role("log", name="Messages")
    expect(phone).to_contain_text(HOSTILE)
    expect(phone).to_contain_text("Hi <script>")
    for path in (f"/opt-out/{town.pk}/", "/opt-out/", "/broadcaster/", "/"):
        page.goto(path, wait_until="networkidle")
    page.get_by_role("link", name="Broadcast").first.click()
    page.goto(f"/opt-out/{default_list().pk}/", wait_until="networkidle")
    assert dialogs == []
    assert not [url for url in asked if ELSEWHERE in url]
