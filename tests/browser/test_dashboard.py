"""The dashboard, as it is looked at."""

import pytest
from playwright.sync_api import expect

from broadcaster import broadcasts
from optout.actors import NOBODY
from optout.models import Source
from tests.browser.conftest import LOOKS, PageAs, assert_accessible
from tests.factories import ASHA, RAHUL, make_list, opt_out

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(sms) -> None:
    """An installation where something has happened."""
    broadcasts.create(name="Summer sale", channel=sms, actor=NOBODY)
    opt_out(ASHA, source=Source.KEYWORD)
    opt_out(RAHUL, make_list(), source=Source.API)


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_dashboard_can_be_used_by_all(page_as: PageAs, busy, scheme, size) -> None:
    page = page_as("Admin", "/", size=size, scheme=scheme)
    expect(page.get_by_role("link", name="Summer sale")).to_be_visible()
    assert_accessible(page)


def test_the_chart_is_drawn_and_stands_as_a_table_too(page_as: PageAs, busy) -> None:
    page = page_as("Compliance", "/")
    chart = page.get_by_role("img", name="Opt-outs of each day by door")
    expect(chart).to_be_visible()
    assert page.evaluate(
        "Chart.getChart(document.querySelector('canvas')) !== undefined"
    )
    page.get_by_text("Show as a table").click()
    page.get_by_role("cell", name="2", exact=True).first.wait_for()
    assert_accessible(page)


def test_a_new_installation_leads_to_its_first_channel(page_as: PageAs) -> None:
    page = page_as("Admin", "/")
    expect(page.get_by_role("heading", name="Getting started")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Connect a channel").click()
    page.wait_for_url("**/channels/")


def test_an_agent_is_not_offered_what_the_role_may_not_do(page_as: PageAs) -> None:
    page = page_as("Agent", "/")
    expect(page.get_by_role("link", name="Open the list")).to_be_visible()
    expect(page.get_by_role("link", name="Connect a channel")).to_have_count(0)
    expect(page.get_by_text("Latest broadcasts")).to_have_count(0)
