"""Which question a message asks: pure functions, without a table.

Messages, phrasings and intents are compared by their bare words, as keywords are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from optout import keyword_text

# Scripts that write no space between words: there a word is found within another.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    "\U00020000-\U0003ffff]"
)


class How(Enum):
    """How a phrasing met the message; the first one is the better."""

    SAME = "same"
    ALL_WORDS = "all_words"


@dataclass(frozen=True, slots=True)
class Question:
    """A question by its id, with its phrasings in order."""

    id: int
    phrasings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """A category: its intents, and its questions in order."""

    id: int
    intents: tuple[str, ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """The question that answers, the phrasing it was found by, and the intent, if any.

    >>> find("Where is my order?", [Topic(1, ("order",), (Question(7, ("order",)),))])
    Hit(question=7, topic=1, phrasing='order', how=<How.ALL_WORDS: 'all_words'>, \
intent='order')
    """

    question: int
    topic: int
    phrasing: str
    how: How
    intent: str = ""

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The better the higher: the same words, then more words, then longer ones."""
        words = spoken(self.phrasing)
        return self.how == How.SAME, len(set(words.split())), len(words)


@lru_cache(maxsize=8192)
def spoken(phrase: str) -> str:
    """A phrasing's bare words; remembered, as each message asks for all of them."""
    return keyword_text.spoken(phrase)


def find(text: str, topics: Sequence[Topic]) -> Hit | None:
    """The question that a message asks, None if none does.

    Categories whose intent occurs in the message come first, then all the others. In
    each of these two the phrasing with the same words wins, else the one with the most
    words that all occur; at a tie the first in order.
    """
    said = keyword_text.spoken(text)
    if not said:
        return None
    meant = {topic.id: intent_in(said, topic) for topic in topics}
    first = [topic for topic in topics if meant[topic.id]]
    others = [topic for topic in topics if not meant[topic.id]]
    return _best(said, first, meant) or _best(said, others, meant)


def intent_in(said: str, topic: Topic) -> str:
    """The first intent of a topic that occurs in bare words, empty if none does."""
    return next((one for one in topic.intents if _occurs(spoken(one), said)), "")


def _best(said: str, topics: Iterable[Topic], meant: dict[int, str]) -> Hit | None:
    return max(_hits(said, topics, meant), key=lambda hit: hit.rank, default=None)


def _hits(said: str, topics: Iterable[Topic], meant: dict[int, str]) -> Iterator[Hit]:
    for topic in topics:
        for question in topic.questions:
            for phrasing in question.phrasings:
                if how := _how(spoken(phrasing), said):
                    yield Hit(question.id, topic.id, phrasing, how, meant[topic.id])


def _how(phrasing: str, said: str) -> How | None:
    if not phrasing:
        return None
    if phrasing == said:
        return How.SAME
    is_there = all(_occurs(word, said) for word in phrasing.split())
    return How.ALL_WORDS if is_there else None


def _occurs(words: str, said: str) -> bool:
    """Whether words stand in a message side by side, each of them whole."""
    if not words:
        return False
    is_whole = f" {words} " in f" {said} "
    return is_whole or (bool(_UNSPACED.search(words)) and words in said)
