"""The Teambox's panes as a browser has them, and the polls that keep them fresh."""

import re

from django.test import Client

from teambox.models import Conversation
from tests.page_clients import HTMX

ALL = "/teambox/?tab=all"
LIST, THREAD = "pane-list", "pane-main"


def url_of(conversation: Conversation, act: str = "") -> str:
    return f"/teambox/{conversation.pk}/{act}"


def have(browser: Client, page_url: str, pane: str) -> str:
    """What a pane of a page says it shows, as the page's script puts it together."""
    html = browser.get(page_url).content.decode()
    [part] = re.findall(rf'<section class="{pane}".*?</section>', html, re.DOTALL)
    return ",".join(re.findall(r'data-piece="([^"]+)"', part))


def poll_list(browser: Client, shown: str, **query: object) -> tuple[int, str]:
    """What changed in the list of all open conversations since `shown`."""
    asked = {"tab": "all", "have": shown, **query}
    response = browser.get("/teambox/poll/", asked, headers=HTMX)
    return response.status_code, response.content.decode()


def poll_thread(browser: Client, row: Conversation, shown: str) -> tuple[int, str]:
    """What changed in a thread since `shown`."""
    response = browser.get(url_of(row, "poll/"), {"have": shown}, headers=HTMX)
    return response.status_code, response.content.decode()
