"""The gate over a whole audience: either plan writes and counts the same."""

import pytest

from optout import addresses, holds, outbox, withholding
from optout.models import Channel, Content, OutgoingBatch, default_list
from tests.factories import make_batch, make_channel, make_list, opt_out, recipient

pytestmark = pytest.mark.django_db
PEOPLE = [f"+1415555{index:04d}" for index in range(8)]
# Below zero the entries always are enough for probing; PostgreSQL alone has the choice.
PLANS = {"probes": -1, "planner": 1_000_000}


@pytest.fixture(params=PLANS)
def plan(request, monkeypatch) -> None:
    monkeypatch.setattr(withholding, "PROBE_FROM_RATIO", PLANS[request.param])


@pytest.fixture
def batch(plan) -> OutgoingBatch:
    """Persons 1 and 2 are on the list, 2 and 3 held, 4 elsewhere listed, 5 on both."""
    sms = make_channel()
    promotions, other = make_list(), make_channel(950)
    for person, *of in ((1,), (2,), (4, promotions), (5, promotions, default_list())):
        opt_out(PEOPLE[person], *of)
    opt_out(PEOPLE[2], channel_id=sms.pk)
    opt_out(PEOPLE[6], channel_id=other.pk)
    for person in (2, 3):
        hold(PEOPLE[person], sms)
    made = make_batch(sms)
    content = Content.objects.create(text="Hello")
    outbox.put_many(made, content, list(map(recipient, PEOPLE)))
    return made


def hold(raw: str, channel: Channel) -> None:
    address = addresses.parse(raw)
    holds.hold(address=address, channel_id=channel.pk, text="stop?", reason="unclear")


def codes(batch: OutgoingBatch) -> list[str]:
    rows = batch.messages.order_by("address")
    return list(rows.values_list("error_code", flat=True))


def test_withholds_the_listed_and_the_held(batch):
    withholding.withhold(batch)
    out, held = "opted_out", "under_review"
    assert codes(batch) == ["", out, out, held, "", out, "", ""]


def test_counts_each_person_once_as_the_launch_will_withhold_them(batch):
    counted = withholding.preview(batch)
    assert counted.by_list == {default_list().pk: 3}
    assert counted.not_selected == {promotions().pk: 1}
    assert (counted.queued, counted.withheld, counted.under_review) == (8, 4, 1)
    withholding.withhold(batch)
    assert batch.messages.filter(entry__list=default_list()).count() == 3


def promotions():
    return type(default_list()).objects.get(name="Promotions")
