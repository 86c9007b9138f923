"""Which question a message asks."""

import pytest

from teambox.smart_reply_matching import How, Question, Topic, find

ORDERS = Topic(
    1,
    intents=("order", "mi pedido"),
    questions=(
        Question(11, ("Where is my order?", "order status")),
        Question(12, ("cancel order",)),
        Question(13, ("order", "订单")),
    ),
)
OFFERS = Topic(
    2,
    intents=("offers", "オファー"),
    questions=(
        Question(21, ("No more offers", "stop the offers please")),
        Question(22, ("Send me offers again", "quiero ofertas")),
        Question(23, ("status",)),
        Question(24, ("offers",)),
    ),
)
OTHER = Topic(3, intents=(), questions=(Question(31, ("opening hours", "order")),))
TOPICS = [ORDERS, OFFERS, OTHER]

GOLDEN = [
    # The same words, whatever their case, accents, width, signs and spaces.
    ("Where is my order?", 11),
    ("  WHERE IS\nMY ORDER!!! 🙏 ", 11),
    ("Ｏｒｄｅｒ ｓｔａｔｕｓ", 11),
    ("QUIERO OFERTÁS", 22),
    # All words of a phrasing, in any order, among others.
    ("hello, can you tell me where my order is", 11),
    ("please cancel my order today", 12),
    ("what are your opening hours", 31),
    # The phrasing with more words wins; at a tie the first in order.
    ("cancel order status", 11),
    ("my order", 13),
    ("no more offers and no order", 21),
    # Categories whose intent occurs come before a better match elsewhere.
    ("offers status", 23),
    ("offers opening hours", 24),
    ("status", 23),
    # Scripts without spaces.
    ("我的订单在哪里", 13),
    # Whole words only, and all of them.
    ("borders", None),
    ("ordering", None),
    ("cancel", None),
    ("more of", None),
    ("", None),
    ("👍", None),
    ("...", None),
]


@pytest.mark.parametrize(("text", "question"), GOLDEN)
def test_a_message_asks_this_question(text: str, question: int | None) -> None:
    found = find(text, TOPICS)
    assert (found.question if found else None) == question


def test_a_hit_tells_what_it_was_found_by() -> None:
    found = find("order status", TOPICS)
    assert found is not None
    told = (found.topic, found.phrasing, found.how, found.intent)
    assert told == (1, "order status", How.SAME, "order")


def test_an_intent_of_two_words_is_not_the_one_without_the_space() -> None:
    pedido = Topic(9, ("mi pedido",), (Question(91, ("estado",)),))
    spaced = find("estado mi pedido", [pedido])
    joined = find("estado mipedido", [pedido])
    assert spaced is not None
    assert joined is not None
    assert (spaced.intent, joined.intent) == ("mi pedido", "")


def test_the_same_words_win_over_more_words() -> None:
    topic = Topic(
        1,
        (),
        (Question(1, ("refund my order",)), Question(2, ("my order refund now",))),
    )
    found = find("my order refund now", [topic])
    assert found is not None
    assert found.question == 2


def test_without_questions_nothing_is_found() -> None:
    assert find("hello", []) is None


def test_a_very_long_message_is_read_to_its_limit() -> None:
    assert find("word " * 100_000 + "order status", TOPICS) is None
