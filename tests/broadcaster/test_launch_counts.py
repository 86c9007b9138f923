"""What a launch keeps of its counts, and the draft it refuses to launch unseen."""

import pytest

from broadcaster import broadcasts, preparing, reports
from broadcaster.broadcasts import BroadcastError, Words
from optout import holds
from optout.addresses import parse
from optout.models import BatchState, SendingHours, default_list
from tests.broadcaster.conftest import numbers
from tests.broadcaster.test_duplicates import MARA
from tests.factories import drain, opt_out

pytestmark = pytest.mark.django_db

A, B, C, D = numbers(4)


def mixed(draft, promotions):
    """Four people: on both lists, on one, under review, and nothing."""
    made = draft(numbers(4))
    broadcasts.set_lists(made, [promotions.pk])
    opt_out(A, promotions, default_list())
    opt_out(B, promotions)
    holds.hold(address=parse(C), channel_id=900, text="stop?", reason="unclear")
    preparing.prepare(made)
    return made


def test_the_launch_keeps_what_it_withheld(draft, promotions):
    made = mixed(draft, promotions)
    broadcasts.launch(made, actor=MARA)
    kept = made.at_launch
    by_list = kept.pop("by_list")
    assert kept == {"total": 4, "to_send": 1, "withheld": 3, "under_review": 1}
    assert sum(by_list.values()) == 2


def test_review_launch_and_report_count_alike(draft, promotions):
    made = mixed(draft, promotions)
    shown = reports.review(made)
    broadcasts.launch(made, actor=MARA)
    drain()
    by_list = {str(row.opt_out_list.pk): row.count for row in shown.by_list}
    assert made.at_launch["by_list"] == by_list
    counts = reports.progress(made).counts
    assert shown.withheld == made.at_launch["withheld"] == counts["suppressed"]
    assert shown.to_send == made.at_launch["to_send"] == counts["sent"]


def test_an_opt_out_since_the_page_counts_at_the_launch(draft, promotions):
    made = mixed(draft, promotions)
    shown = reports.review(made)
    opt_out(D)
    broadcasts.launch(made, actor=MARA)
    assert (shown.to_send, made.at_launch["to_send"]) == (1, 0)


def test_counts_stay_as_they_were_at_the_launch(draft):
    made = draft(numbers(2))
    preparing.launch(made, actor=MARA)
    opt_out(A)
    drain()
    made.refresh_from_db()
    assert made.at_launch["to_send"] == 2
    assert reports.progress(made).counts["sent"] == 1


def test_other_words_than_were_seen_are_not_launched(draft):
    made = draft()
    preparing.prepare(made)
    seen = made.attempt
    broadcasts.write(made, Words(text="Other words. Reply STOP."))
    preparing.prepare(made)
    with pytest.raises(BroadcastError, match="changed since you saw"):
        broadcasts.launch(made, actor=MARA, seen=seen)
    made.batch.refresh_from_db()
    assert made.batch.state == BatchState.DRAFT
    assert broadcasts.launch(made, actor=MARA, seen=made.attempt)


@pytest.mark.parametrize("rate", [0, 10_001])
def test_a_pace_the_channel_has_not_is_refused(draft, rate):
    made = draft()
    with pytest.raises(BroadcastError, match="From 1 to 10000") as refused:
        broadcasts.set_pace(made, rate=rate, hours=None)
    assert refused.value.field == "rate"


def test_the_pace_may_change_until_the_end(draft):
    made = draft()
    preparing.launch(made, actor=MARA)
    broadcasts.set_pace(made, rate=3, hours=None)
    assert made.batch.rate == 3
    broadcasts.cancel(made)
    with pytest.raises(BroadcastError, match="has ended"):
        broadcasts.set_pace(made, rate=4, hours=None)
    assert not SendingHours.objects.exists()
