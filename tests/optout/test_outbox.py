"""Queueing many at once is queueing each, in order, whatever they are called."""

from dataclasses import replace

import pytest

from optout import handover, list_deletion, outbox
from optout.models import Content, OutgoingMessage, Purpose, default_list
from optout.outbox import Recipient
from tests.factories import (
    ASHA,
    LEENA,
    RAHUL,
    make_batch,
    make_channel,
    make_list,
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


def test_single_messages_of_a_kind_share_a_batch():
    sms, lists = make_channel(), [make_list().pk, default_list().pk]
    first = outbox.standing_batch(sms, Purpose.CONNECTOR, lists, label="smart reply")
    again = outbox.standing_batch(
        sms, Purpose.CONNECTOR, lists[::-1], label="smart reply"
    )
    assert first == again
    assert set(first.lists.values_list("id", flat=True)) == set(lists)
    assert first.title == "Action · smart reply"


@pytest.mark.parametrize("other", ["channel", "purpose", "lists", "label"])
def test_another_kind_has_a_batch_of_its_own(other):
    sms, news = make_channel(), make_list().pk
    first = outbox.standing_batch(sms, Purpose.CONNECTOR, [default_list().pk])
    second = outbox.standing_batch(
        make_channel(901) if other == "channel" else sms,
        Purpose.REPLY if other == "purpose" else Purpose.CONNECTOR,
        [default_list().pk, *([news] if other == "lists" else [])],
        label="x" if other == "label" else "",
    )
    assert first != second


def test_a_standing_batch_stays_when_its_list_is_deleted():
    sms, news = make_channel(), make_list()
    before = outbox.standing_batch(sms, Purpose.CONNECTOR, [news.pk])
    list_deletion.delete(news, move_to=default_list())
    after = outbox.standing_batch(sms, Purpose.CONNECTOR, [news.pk])
    assert before == after
    assert default_list() in after.lists.all()
