"""The list of broadcasts, its filters, and broadcasts side by side."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from broadcaster import broadcasts, preparing, progress, reports
from broadcaster.models import Broadcast
from optout import handover
from optout.access import Role
from optout.actors import NOBODY
from tests.broadcaster.conftest import numbers
from tests.factories import drain, opt_out
from tests.page_clients import browser_of, queries_of, text_of
from tests.teambox.people import say

pytestmark = pytest.mark.django_db
INDEX, COMPARE = reverse("broadcasts"), reverse("broadcasts-compare")
PEOPLE = numbers(4)


def sent(made: Broadcast) -> Broadcast:
    preparing.launch(made, actor=NOBODY)
    drain()
    handover.finish_batches()
    return made


def compared(*rows: Broadcast) -> list:
    answer = browser_of(Role.MARKETER).get(COMPARE, {"id": [row.pk for row in rows]})
    return answer.context["results"]


def test_broadcasts_stand_side_by_side_with_their_numbers(draft, phone):
    opt_out(PEOPLE[0])
    first = sent(draft(PEOPLE))
    say(phone, "STOP", sender=PEOPLE[1])
    second = sent(draft(PEOPLE))
    [one, other] = compared(first, second)
    numbers_of = [
        (row.progress.total, row.progress.suppressed, row.progress.handed_over)
        for row in (one, other)
    ]
    assert numbers_of == [(4, 1, 3), (4, 2, 2)]
    assert [one.caused, other.caused] == [1, 0]


def test_the_order_is_that_of_the_url_and_drafts_are_left_out(draft):
    first, second, third = sent(draft()), sent(draft()), draft()
    rows = compared(second, third, first, second)
    assert [row.broadcast for row in rows] == [second, first]


def test_at_most_ten_are_compared_and_the_page_says_so(draft, monkeypatch):
    monkeypatch.setattr("broadcaster.views.comparison.MAX_COMPARED", 2)
    made = [sent(draft(PEOPLE[:1])) for _ in range(3)]
    answer = browser_of().get(COMPARE, {"id": [row.pk for row in made]})
    assert [row.broadcast for row in answer.context["results"]] == made[:2]
    assert "1 of those you ticked is not shown" in text_of(answer)


@pytest.mark.parametrize("query", ["", "?id=1", "?id=x&id=9999999999999999999999&id="])
def test_too_few_are_told_what_to_do(query, phone):
    answer = browser_of().get(COMPARE + query)
    assert answer.status_code == 200
    assert "Tick at least two broadcasts" in text_of(answer)


def test_the_rates_of_the_charts_are_of_those_sent(draft, phone):
    first, second = sent(draft(PEOPLE[:3])), sent(draft(PEOPLE[3:]))
    say(phone, "STOP", sender=PEOPLE[3])
    answer = browser_of().get(COMPARE, {"id": [first.pk, second.pk]})
    [bars] = answer.context["opt_out_rates"]["series"]
    assert bars["data"] == [0, 100]


def test_twice_the_broadcasts_ask_the_database_as_often(draft):
    browser = browser_of()
    ids = [sent(draft()).pk for _ in range(4)]

    def cost(count: int) -> int:
        query = "&".join(f"id={pk}" for pk in ids[:count])
        return queries_of(browser, f"{COMPARE}?{query}")

    assert cost(4) == cost(2)


# The list


def test_what_was_launched_can_be_ticked(draft):
    ready, done = draft(), sent(draft())
    page = browser_of().get(INDEX).content.decode()
    assert f'id="compare-{done.pk}"' in page
    assert f'id="compare-{ready.pk}"' not in page


def test_the_list_is_filtered_by_status_and_channel(draft, mailbox):
    ready, done, later, now = draft(), sent(draft()), draft(), draft()
    preparing.launch(now, actor=NOBODY)
    broadcasts.schedule(later, timezone.now() + timedelta(hours=1))
    preparing.launch(later, actor=NOBODY)
    browser = browser_of()
    for query, found in [
        ("?status=draft", [ready]),
        ("?status=finished", [done]),
        ("?status=scheduled", [later]),
        ("?status=running", [now]),
        ("?channel_id=900", [now, later, done, ready]),
        ("?channel_id=901", []),
        ("?status=nonsense", []),
        ("?search=sAl&status=finished", [done]),
    ]:
        rows = browser.get(INDEX + query).context["rows"]
        assert [row for row, _ in rows] == found, query


def test_a_settled_broadcast_is_not_counted_again(draft):
    made = sent(draft(PEOPLE))
    progress.note_due()
    made.points.update(counts={"sent": 90, "suppressed": 10})
    [(_, found)] = reports.with_progress([Broadcast.objects.get()])
    assert (found.total, found.suppressed) == (100, 10)
    made.points.update(counts={"sent": 90, "unknown": 10})
    [(_, found)] = reports.with_progress([Broadcast.objects.get()])
    assert found.total == 4
