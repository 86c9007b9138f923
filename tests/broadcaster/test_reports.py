"""The report: promise against result, the course, who was withheld, recipients."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from broadcaster import broadcasts, preparing, progress, recipients, reports
from broadcaster.models import Broadcast, ProgressPoint
from optout import handover, list_deletion
from optout.access import Role
from optout.actors import NOBODY
from optout.models import (
    Entry,
    OutgoingMessage,
    Source,
    Workspace,
    default_list,
)
from tests.broadcaster.conftest import numbers
from tests.factories import drain, opt_out
from tests.page_clients import HTMX, browser_of, queries_of, text_of
from tests.teambox.people import UNCLEAR, say

pytestmark = pytest.mark.django_db
[ANA, BEN, CAROL, DAN] = PEOPLE = numbers(4)
LIVE = HTMX | {"HX-Target": "live"}


def report_of(made: Broadcast) -> str:
    return reverse("broadcast-report", args=[made.pk])


def launched(made: Broadcast) -> Broadcast:
    preparing.launch(made, actor=NOBODY)
    return made


@pytest.fixture
def finished(draft) -> Broadcast:
    """Four people: Ben had opted out, the others got it."""
    opt_out(BEN, source=Source.KEYWORD)
    made = launched(draft(PEOPLE))
    drain()
    handover.finish_batches()
    made.batch.refresh_from_db()
    return made


def shown(answer) -> list[str]:
    return [row.address for row, _lists in answer.context["rows"]]


def tiles_of(answer) -> dict[str, int]:
    return {tile.label: tile.value for tile in answer.context["tiles"]}


def moved(made: Broadcast, address: str, **columns: object) -> None:
    """A provider told something of one message."""
    made.batch.messages.filter(address=address).update(**columns)


# Numbers


def test_the_tiles_add_up_and_keep_opted_out_apart(finished):
    moved(finished, ANA, state="read")
    moved(finished, CAROL, state="failed")
    tiles = tiles_of(browser_of().get(report_of(finished)))
    assert (tiles["Sent"], tiles["Delivered"], tiles["Read"]) == (2, 1, 1)
    assert (tiles["Opted out"], tiles["Failed"], tiles["Unknown"]) == (1, 1, 0)
    whole = ("Waiting", "Sent", "Opted out", "Failed", "Unknown")
    assert sum(tiles[label] for label in whole) == tiles["Total"] == 4


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("handed_over", [ANA, CAROL]),
        ("arrived", [ANA]),
        ("waiting", []),
        ("suppressed", [BEN]),
        ("failed", [DAN]),
        ("nonsense", []),
    ],
)
def test_a_tile_leads_to_the_recipients_it_counts(status, found, finished):
    moved(finished, ANA, state="delivered")
    moved(finished, DAN, state="failed")
    answer = browser_of().get(report_of(finished), {"status": status})
    assert shown(answer) == found


def test_what_nobody_knows_is_explained(finished):
    quiet = text_of(browser_of().get(report_of(finished)))
    moved(finished, ANA, state="unknown", error="No answer.")
    told = text_of(browser_of(Role.MARKETER).get(report_of(finished)))
    assert "never sent again blindly" in told and "settles each" in told
    assert "never sent again blindly" not in quiet


def test_the_launchs_counts_and_later_opt_outs_make_the_result(draft, promotions):
    opt_out(BEN)
    made = draft(PEOPLE)
    broadcasts.set_lists(made, [default_list().pk, promotions.pk])
    launched(made)
    opt_out(CAROL, promotions)
    drain()
    answer = browser_of().get(report_of(made))
    told = "At the launch 3 of 4 were to be sent, 1 had opted out. Since then 1 more"
    assert told in text_of(answer)
    by_list = answer.context["withheld"].lists
    counts = {row.opt_out_list.name: (row.at_launch, row.count) for row in by_list}
    assert counts == {default_list().name: (1, 1), promotions.name: (0, 1)}


def test_the_numbers_are_sent_again_only_when_they_changed(draft):
    made, browser = launched(draft(PEOPLE)), browser_of()
    first = browser.get(report_of(made), headers=LIVE)
    poll = report_of(made) + f"?have={first.context['have']}"
    assert poll in first.content.decode()
    assert browser.get(poll, headers=LIVE).status_code == 204
    drain()
    later = browser.get(poll, headers=LIVE)
    assert tiles_of(later)["Sent"] == 4
    handover.finish_batches()
    assert browser.get(poll, headers=LIVE)["HX-Refresh"] == "true"


# Withheld


def test_the_withheld_are_counted_by_list_and_door(draft, promotions, phone):
    opt_out(ANA, source=Source.KEYWORD)
    opt_out(BEN, source=Source.IMPORT)
    opt_out(CAROL, promotions)
    say(phone, UNCLEAR, sender=DAN)
    made = draft(PEOPLE)
    broadcasts.set_lists(made, [default_list().pk, promotions.pk])
    context = browser_of().get(report_of(launched(made))).context
    found = context["withheld"]
    assert [(row.opt_out_list, row.count) for row in found.lists] == [
        (default_list(), 2),
        (promotions, 1),
    ]
    assert sorted(found.lists[0].by_door) == [("CSV import", 1), ("keyword", 1)]
    assert (found.under_review, found.under_review_at_launch) == (1, 1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"source": "keyword"}, [BEN]),
        ({"source": "import"}, []),
        ({"error_code": "opted_out"}, [BEN]),
        ({"error_code": "under_review"}, []),
        ({"search": "+1 (415) 555-0001"}, [BEN]),
        ({"search": "0001", "status": "sent"}, []),
        ({"list": "0"}, []),
    ],
)
def test_recipients_are_filtered_by_what_withheld_them(query, found, finished):
    assert shown(browser_of().get(report_of(finished), query)) == found


def test_a_deleted_lists_people_are_found_by_the_one_that_replaced_it(
    draft, promotions
):
    opt_out(BEN, promotions)
    made = draft(PEOPLE)
    broadcasts.set_lists(made, [default_list().pk, promotions.pk])
    launched(made)
    list_deletion.delete(promotions, move_to=default_list())
    asked = {"list": default_list().pk}
    answer = browser_of().get(report_of(made), asked)
    assert shown(answer) == [BEN]
    [share] = answer.context["withheld"].lists
    assert (share.opt_out_list, share.count) == (default_list(), 1)


def test_the_table_alone_is_swapped_when_it_is_filtered(finished):
    headers = HTMX | {"HX-Target": "recipients"}
    asked = report_of(finished) + "?status=suppressed"
    answer = browser_of().get(asked, headers=headers)
    assert shown(answer) == [BEN]
    assert b"<h1" not in answer.content and "tiles" not in answer.context


def test_who_opted_out_after_getting_it_has_the_ban_icon(finished, promotions):
    opt_out(ANA, promotions)
    rows = dict(browser_of().get(report_of(finished)).context["rows"])
    names = {row.address: lists for row, lists in rows.items()}
    assert names[ANA] == [promotions.name]
    assert names[BEN] == [default_list().name]
    assert names[CAROL] == []


def test_the_export_is_filtered_as_the_page(finished):
    place = reverse("broadcast-export", args=[finished.pk])
    answer = browser_of().get(place, {"source": "keyword"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2 and "14155550001" in lines[1]


def test_recipients_are_read_from_the_broadcasts_own_first_row(draft, finished):
    later = launched(draft(PEOPLE))
    assert [row.batch_id for row in recipients.of(later)] == [later.batch_id] * 4
    assert not recipients.of(draft()).exists()


# Opt-outs caused


def test_the_report_shows_who_opted_out_because_of_it(finished, phone):
    say(phone, "please stop", sender=ANA)
    answer = browser_of().get(report_of(finished))
    assert tiles_of(answer)["Opt-outs caused"] == 1
    told = text_of(answer)
    assert f"{ANA} {default_list().name} Keyword “" in told
    assert "33.3% of sent" in told


def test_opt_outs_caused_are_paged(finished, phone, monkeypatch):
    monkeypatch.setattr("broadcaster.views.reports.CAUSED_SIZE", 1)
    say(phone, "STOP", sender=ANA)
    say(phone, "STOP", sender=CAROL)
    browser = browser_of()
    first = browser.get(report_of(finished)).context
    more = {"caused_before": first["caused_more"]}
    second = browser.get(report_of(finished), more).context
    pages = [[row.address for row in page["caused_rows"]] for page in (first, second)]
    assert pages == [[CAROL], [ANA]]
    assert second["caused_more"] is None


def test_a_masked_role_reads_no_address_in_the_report(finished, phone):
    say(phone, "STOP", sender=ANA)
    Workspace.objects.update(masked_roles=[Role.MARKETER])
    page = browser_of(Role.MARKETER).get(report_of(finished)).content.decode()
    assert not [number for number in PEOPLE if number[1:] in page]


# The course


def note(after: timedelta = timedelta()) -> None:
    with time_machine.travel(timezone.now() + after, tick=False):
        progress.note_due()


def course(made: Broadcast) -> list[tuple[int, int]]:
    """Sent and opted out, point by point."""
    rows = [reports.progress_of(row.counts) for row in made.points.all()]
    return [(row.handed_over, row.suppressed) for row in rows]


def test_a_run_is_noted_from_its_launch_to_its_end(draft):
    opt_out(BEN)
    made = launched(draft(PEOPLE))
    note()
    drain()
    handover.finish_batches()
    note(timedelta(seconds=1))
    assert course(made) == [(0, 1), (0, 1), (3, 1)]
    assert [made.points.first().at] == [made.launched_at]


def test_numbers_that_stand_still_add_no_points(finished):
    for minutes in range(0, 600, 30):
        note(timedelta(minutes=minutes))
    assert finished.points.count() == 3
    moved(finished, ANA, state="read")
    note(timedelta(days=1))
    assert finished.points.last().counts["read"] == 1


def test_nobody_is_followed_for_ever_nor_before_the_start(finished, draft):
    note(timedelta(days=8))
    made = draft(PEOPLE)
    broadcasts.schedule(made, timezone.now() + timedelta(hours=1))
    launched(made)
    note()
    assert not made.points.exists()
    assert finished.points.count() == 2


def test_a_long_run_is_thinned(finished, monkeypatch):
    monkeypatch.setattr(progress, "MAX_POINTS", 4)
    for hours in range(1, 9):
        moved(finished, ANA, read_at=None, state=("sent", "read")[hours % 2])
        note(timedelta(hours=hours))
    assert 3 <= finished.points.count() <= 4
    assert finished.points.first().at == finished.launched_at


def test_the_chart_appears_once_there_is_something_to_draw(finished):
    browser = browser_of()
    note()
    answer = browser.get(report_of(finished))
    assert answer.context["chart"] is None
    assert "too soon for a chart" in text_of(answer)
    moved(finished, ANA, state="read")
    note(timedelta(hours=1))
    chart = browser.get(report_of(finished)).context["chart"]
    lines = {line["label"]: line["data"] for line in chart["series"]}
    assert (lines["Sent"][0], lines["Sent"][-1], lines["Read"][-1]) == (0, 3, 1)


def test_the_withheld_of_a_point_stand_until_more_are_withheld(draft, promotions):
    opt_out(BEN)
    made = launched(draft(PEOPLE))
    note()
    point = made.points.last()
    assert point.counts["withheld"] == [[default_list().pk, "page", 1]]
    ProgressPoint.objects.filter(pk=point.pk).update(
        counts=point.counts | {"withheld": [[promotions.pk, "page", 1]]}
    )
    browser = browser_of()
    noted = browser.get(report_of(made)).context["withheld"].lists
    assert [row.opt_out_list for row in noted] == [promotions]
    opt_out(CAROL)
    drain()
    counted = browser.get(report_of(made)).context["withheld"].lists
    assert [(row.opt_out_list, row.count) for row in counted] == [(default_list(), 2)]


# Cost


def test_twice_of_everything_asks_the_database_as_often(draft, phone):
    browser = browser_of()

    def cost(people: list[str]) -> int:
        opt_out(people[0])
        made = launched(draft(people))
        drain()
        note(timedelta(minutes=len(people)))
        for number in people[len(people) // 2 :]:
            say(phone, "STOP", sender=number)
        return queries_of(browser, report_of(made))

    several = numbers(12)
    assert cost(several[:4]) == cost(several[4:])


def test_no_message_is_left_out_of_the_counts(finished):
    counts = reports.counts_of([finished])[finished.pk]
    assert sum(counts.values()) == OutgoingMessage.objects.count() == 4
    assert Entry.objects.count() == 1
