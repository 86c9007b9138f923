"""The report: from a list to its people and the contact panel, and compared."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from broadcaster import broadcasts, preparing, progress
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import handover
from optout.actors import NOBODY
from optout.models import Channel, default_list
from tests.browser.conftest import LOOKS, NARROW, PageAs, assert_accessible
from tests.factories import ASHA, drain, make_list, opt_out
from tests.teambox.people import say

pytestmark = pytest.mark.browser
PEOPLE = [f"+34600111{last}" for last in range(220, 226)]


def send(channel: Channel, name: str, selected: list[int]) -> Broadcast:
    made = broadcasts.create(name=name, channel=channel, actor=NOBODY)
    broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
    broadcasts.set_lists(made, selected)
    file = BytesIO("\n".join(["number", *PEOPLE]).encode())
    broadcasts.set_recipients(made, file, file_name="people.csv")
    preparing.launch(made, actor=NOBODY)
    drain()
    handover.finish_batches()
    return made


@pytest.fixture
def sent(sms) -> Broadcast:
    """Two are on lists, one answered STOP, one read it later; a chart has points."""
    promotions = make_list()
    opt_out(ASHA)
    opt_out(PEOPLE[4], promotions)
    made = send(sms, "Summer sale", [default_list().pk, promotions.pk])
    say(sms, "STOP", sender=PEOPLE[5])
    for minutes, state in [(0, "sent"), (5, "delivered"), (30, "read")]:
        made.batch.messages.filter(address=PEOPLE[0]).update(state=state)
        later = timezone.now() + timedelta(minutes=minutes)
        with time_machine.travel(later, tick=False):
            progress.note_due()
    return made


def rows_of(page: Page, section: str):
    table = page.get_by_role("region", name=section)
    return table.get_by_role("row").filter(has=page.get_by_role("cell"))


def test_a_list_leads_to_its_people_and_a_person_to_the_panel(
    page_as: PageAs, sent
) -> None:
    page = page_as("Marketer", f"/broadcaster/{sent.pk}/report/")
    expect(rows_of(page, "Recipients")).to_have_count(len(PEOPLE))
    page.get_by_label("Status").select_option(label="Failed – Optout Number")
    expect(rows_of(page, "Recipients")).to_have_count(2)
    assert "status=suppressed" in page.url
    rows_of(page, "Withheld").get_by_role("link", name="Promotions").click()
    page.wait_for_url("**list=*")
    expect(rows_of(page, "Recipients")).to_have_count(1)
    expect(rows_of(page, "Recipients")).to_contain_text("Promotions")
    rows_of(page, "Recipients").get_by_role("link", name=PEOPLE[4]).click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text(PEOPLE[4])
    expect(panel).to_contain_text("Promotions")


@pytest.mark.parametrize(("scheme", "size"), LOOKS)
def test_the_report_can_be_read_by_all(page_as: PageAs, sent, scheme, size) -> None:
    place = f"/broadcaster/{sent.pk}/report/"
    page = page_as("Admin", place, size=size, scheme=scheme)
    expect(rows_of(page, "Opt-outs caused")).to_contain_text(PEOPLE[5])
    chart = page.get_by_role("img", name="Sent, delivered, read")
    assert chart.evaluate("canvas => Boolean(Chart.getChart(canvas))")
    page.get_by_text("Show as a table").click()
    assert_accessible(page)


@pytest.mark.parametrize("size", [(1280, 860), NARROW])
def test_ticked_broadcasts_are_compared(page_as: PageAs, sent, size) -> None:
    send(sent.channel, "Winter sale", [default_list().pk])
    page = page_as("Marketer", "/broadcaster/", size=size)
    page.get_by_label("Compare Summer sale").check()
    page.get_by_label("Compare Winter sale").check()
    assert_accessible(page)
    page.get_by_role("button", name="Compare ticked").click()
    expect(rows_of(page, "Numbers")).to_have_count(2)
    expect(rows_of(page, "Numbers").last).to_contain_text("Summer sale")
    assert_accessible(page)
