"""The story: a hundred people, some of whom opted out in other spellings."""

import pytest

from broadcaster import broadcasts, preparing, recipients, reports
from optout.actors import Actor
from optout.models import SandboxMessage, default_list
from tests.broadcaster.conftest import numbers
from tests.factories import drain, make_channel, opt_out

pytestmark = pytest.mark.django_db
PEOPLE = numbers(100)
OTHER_SPELLINGS = [
    "+1 (415) 555-0003",
    "0014155550014",
    "tel:+1-415-555-0025",
    "whatsapp:+14155550036",
    "１４１５５５５００４７",
    "+١٤١٥٥٥٥٠٠٥٨",
]
OPTED_OUT = [PEOPLE[i] for i in (3, 14, 25, 36, 47, 58, 69)]


@pytest.fixture
def sent(draft, promotions):
    for spelling in OTHER_SPELLINGS:
        opt_out(spelling)
    opt_out("+1 415 555 0069", promotions)
    opt_out(PEOPLE[80], channel_id=make_channel(950).pk)
    made = draft(PEOPLE)
    broadcasts.set_lists(made, [promotions.pk])
    preparing.launch(made, actor=Actor(label="mara"))
    drain()
    return made


def test_who_opted_out_is_suppressed_with_list_and_entry(sent, promotions):
    rows = recipients.of(sent).filter(state="suppressed")
    assert [row.address for row in rows] == OPTED_OUT
    assert {row.error for row in rows} == {"Optout Number"}
    lists = [row.entry.list for row in rows]
    assert lists == [default_list()] * 6 + [promotions]


def test_everybody_else_gets_it_once(sent):
    got = SandboxMessage.objects.values_list("address", flat=True)
    assert sorted(got) == sorted(set(PEOPLE) - set(OPTED_OUT))


def test_every_recipient_is_in_exactly_one_state(sent):
    counts = reports.progress(sent).counts
    assert (counts["sent"], counts["suppressed"], counts["total"]) == (93, 7, 100)
    assert counts["failed"] == 0
