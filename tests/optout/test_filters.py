"""EntryFilter and DeliveryFilter: what the page, the API and bulk work select by."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from optout import lifts
from optout.filters import DeliveryFilter, EntryFilter, page_query
from optout.lifts import Power
from optout.models import (
    ALL_CHANNELS,
    DeliveryState,
    Entry,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
)
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list, opt_out

pytestmark = pytest.mark.django_db


def found(query: str) -> list[str]:
    """The addresses a query selects, in its order."""
    selection = EntryFilter(QueryDict(query), Entry.objects.all())
    assert selection.is_valid(), selection.errors
    return [entry.address for entry in selection.qs]


def lift(entry: Entry) -> None:
    lifts.lift([entry.pk], source=Source.PAGE, power=Power())


@pytest.fixture
def three() -> OptOutList:
    """Three people, in two lists, by two doors, one on one channel only."""
    promotions = make_list()
    opt_out(ASHA)
    opt_out(RAHUL, promotions, channel_id=make_channel().pk, source=Source.PANEL)
    opt_out(LEENA, promotions, reason=Reason.LEGAL)
    return promotions


@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        ("", [LEENA, RAHUL, ASHA]),
        ("list={list}", [LEENA, RAHUL]),
        ("list={list}&channel_id=900", [RAHUL]),
        (f"channel_id={ALL_CHANNELS}", [LEENA, ASHA]),
        ("source=panel", [RAHUL]),
        ("reason_code=legal", [LEENA]),
        ("search=600111", [RAHUL, ASHA]),
        ("search=600 111", [RAHUL, ASHA]),
        ("search=EXAMPLE.ORG", [LEENA]),
        ("search=nobody", []),
        ("search=%2B34 (600) 111-222", [ASHA]),
        ("search=whatsapp:%2B34600111222", [ASHA]),
        ("search=LEENA@Example.Org", [LEENA]),
    ],
)
def test_a_query_selects(three: OptOutList, query: str, addresses: list[str]) -> None:
    assert found(query.format(list=three.pk)) == addresses


def test_live_and_ended_entries_are_told_apart(three: OptOutList) -> None:
    lift(Entry.objects.get(address=ASHA))
    assert found("live=true") == [LEENA, RAHUL]
    assert found("live=false") == [ASHA]
    assert found("live=") == [LEENA, RAHUL, ASHA]


def test_a_page_shows_live_entries_unless_asked_for_others() -> None:
    assert page_query(QueryDict("search=x")).urlencode() == "search=x&live=true"
    assert page_query(QueryDict("live=")).urlencode() == "live="


def test_times_select_from_and_up_to(three: OptOutList) -> None:
    then = timezone.now() - timedelta(days=2)
    Entry.objects.filter(address=ASHA).update(created_at=then)
    day_before = f"{timezone.now() - timedelta(days=1):%Y-%m-%d}"
    assert found(f"created_before={day_before}") == [ASHA]
    assert found(f"created_after={day_before}") == [LEENA, RAHUL]


def test_the_change_feed_begins_with_the_oldest_change(three: OptOutList) -> None:
    lift(Entry.objects.get(address=ASHA))
    assert found("updated_after=2020-01-01T00:00:00Z") == [RAHUL, LEENA, ASHA]


def test_a_number_that_can_be_read_both_ways_is_searched_both_ways() -> None:
    Workspace.objects.update(default_region="DE")
    opt_out("+491712345678")
    assert found("search=491712345678") == ["+491712345678"]


@pytest.mark.parametrize(
    "query",
    [
        "list=99",
        "list=x",
        "list=99999999999999999999999",
        "channel_id=4711",
        "source=carrier-pigeon",
        "reason_code=PERSON",
        "live=maybe",
        "created_after=yesterday",
        "search=%00",
        "search=" + "1" * 321,
    ],
)
def test_a_value_that_is_none_is_an_error_of_its_field(query: str) -> None:
    selection = EntryFilter(QueryDict(query), Entry.objects.all())
    assert list(selection.errors) == [query.partition("=")[0]]


def test_deliveries_are_selected_by_list_state_and_event() -> None:
    hooked = make_list()
    OptOutList.objects.filter(pk=hooked.pk).update(webhook_url="https://example.com/")
    opt_out(ASHA, hooked)
    opt_out(RAHUL, hooked)
    last = WebhookDelivery.objects.latest("id")
    WebhookDelivery.objects.filter(pk=last.pk).update(state=DeliveryState.EXHAUSTED)
    query = QueryDict(f"list={hooked.pk}&state=exhausted&event=opted_out")
    assert list(DeliveryFilter(query, WebhookDelivery.objects.all()).qs) == [last]
