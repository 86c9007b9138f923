"""Queueing many at once is queueing each, in order, whatever they are called."""

import pytest

from optout import outbox
from optout.models import Content, OutgoingMessage
from optout.outbox import Recipient
from tests.factories import ASHA, LEENA, RAHUL, make_batch, make_channel, recipient

pytestmark = pytest.mark.django_db
ODD = [
    "Ana\tMaría",
    "line\nline\r",
    "back\\slash \\N \\.",
    "quo\"te's",
    "Zoë 日本 🙂",
    "",
]
COLUMNS = [
    field.attname
    for field in OutgoingMessage._meta.concrete_fields
    if field.attname not in ("id", "batch_id", "next_at", "created_at")
]


@pytest.fixture
def people() -> list[Recipient]:
    numbered = enumerate(ODD)
    odd = [recipient(f"+1415555{n:04d}", name=text) for n, text in numbered]
    return [recipient(ASHA), *odd, recipient(LEENA), recipient(ASHA, name="again")]


def rows(batch) -> list[tuple]:
    return list(batch.messages.order_by("id").values_list(*COLUMNS))


def test_queueing_many_is_queueing_each_in_order(people):
    sms, content = make_channel(), Content.objects.create(text="Hello")
    at_once, one_by_one = make_batch(sms), make_batch(sms)
    outbox.put_many(at_once, content, people)
    for person in people:
        outbox.put(one_by_one, content, person)
    assert rows(at_once) == rows(one_by_one)


def test_a_repeat_adds_only_who_is_new(people):
    batch = make_batch(make_channel())
    content = Content.objects.create(text="Hello")
    outbox.put_many(batch, content, people)
    before = rows(batch)
    outbox.put_many(batch, content, [*people, recipient(RAHUL)])
    assert rows(batch)[:-1] == before
    assert rows(batch)[-1][COLUMNS.index("address")] == RAHUL
