"""Queueing many at once is queueing each, in order, whatever they are called."""

from dataclasses import replace

import pytest

from optout import handover, outbox
from optout.models import Content, OutgoingMessage
from optout.outbox import Recipient
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    make_batch,
    make_channel,
    queue,
    recipient,
    sent_texts,
)

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


def test_one_may_get_several_messages_and_other_words():
    sms, hello = make_channel(), Content.objects.create(text="Hello")
    asha, other = recipient(ASHA), Content.objects.create(text="Bye")
    people = [
        asha,
        replace(asha, dedupe=2**40, content_id=other.pk),
        replace(asha, dedupe=2**40),
    ]
    at_once, one_by_one = make_batch(sms), make_batch(sms)
    outbox.put_many(at_once, hello, people)
    for person in people:
        outbox.put(one_by_one, hello, person)
    assert rows(at_once) == rows(one_by_one)
    texts = at_once.messages.values_list("dedupe", "content__text")
    assert list(texts) == [(0, "Hello"), (2**40, "Bye")]


def test_only_what_is_queued_still_can_be_withdrawn():
    sms = make_channel()
    batch = make_batch(sms)
    leaving, waiting = queue(batch, ASHA), queue(batch, RAHUL)
    handover.claim(batch, 1)
    ids = [leaving.pk, waiting.pk]
    assert outbox.withdraw(ids) == {waiting.pk}
    assert outbox.withdraw(ids) == outbox.withdraw([]) == set()
    assert sent_texts(sms) == []
    assert outbox.counts(batch)["cancelled"] == 1
