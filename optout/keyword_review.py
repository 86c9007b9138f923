"""Notices messages that look like a request to opt out but hit no rule."""

import re
from collections.abc import Callable

from optout.keyword_hints import (
    CONTACT_STEMS,
    MISSPELT,
    REVIEW_PATTERNS,
    REVIEW_RUNS,
    REVIEW_STEMS,
    REVIEW_WHOLE,
    STOP_VERBS,
)
from optout.keyword_text import MAX_CHARS, spoken

# "STOP 12345", "stop promo", "STOP you idiots": begins with the word, says little more.
MAX_WORDS_AFTER_STOP = 3
# How far a word for messages may stand from a word for stopping.
REACH_WORDS = 4
_CLEAR = frozenset(
    {"stop", "unsubscribe", "stopall", "stop all", "optout", "opt out", "arret"}
)
_SENTENCE_ENDS = re.compile(r"[.!?;\n\r]+")
_PATTERNS = [re.compile(rf"(?<!\S)(?:{pattern})(?!\S)") for pattern in REVIEW_PATTERNS]
# Cyrillic and Greek letters, and digits, that pass for a Latin letter (Unicode TR 39).
_LOOKALIKES = str.maketrans(
    "аеорсухѕіјткмнвԁһԛԝαορτευικνβ05134", "aeopcyxsijtkmhbdhqwaopteuiknbosiea"
)


def reason_to_review(text: str, words: str) -> str | None:
    """Say why a person should look at a message, or None if nothing hints at it.

    `words` is the spoken form of `text`.
    """
    return next((why for hints, why in _HINTS if hints(words)), None) or (
        "A sentence of its own asks to stop" if _has_clear_sentence(text) else None
    )


def _is_lookalike(words: str) -> bool:
    written = {words, *words.split()}
    plain = {word.translate(_LOOKALIKES) for word in written} - written
    return not _CLEAR.isdisjoint(plain)


def _is_spaced(words: str) -> bool:
    letters = words.split()
    return all(len(letter) == 1 for letter in letters) and "".join(letters) in _CLEAR


def _has_unsubscribing(words: str) -> bool:
    return any(run in words for run in REVIEW_RUNS) or any(
        word.startswith(REVIEW_STEMS) for word in words.split()
    )


def _has_pattern(words: str) -> bool:
    return any(pattern.search(words) for pattern in _PATTERNS)


def _is_decline(words: str) -> bool:
    return words in REVIEW_WHOLE


def _is_misspelt(words: str) -> bool:
    return words in MISSPELT


def _begins_with_stop(words: str) -> bool:
    first, *rest = words.split() or [""]
    return first == "stop" and len(rest) <= MAX_WORDS_AFTER_STOP


def _stops_messages(words: str) -> bool:
    """A word for stopping near a word for messages, on either side."""
    split = words.split()
    stops = [at for at, word in enumerate(split) if word in STOP_VERBS]
    return any(
        word.startswith(CONTACT_STEMS)
        for at in stops
        for word in split[max(0, at - REACH_WORDS) : at + REACH_WORDS + 1]
    )


def _has_clear_sentence(text: str) -> bool:
    sentences = _SENTENCE_ENDS.split(text[:MAX_CHARS])
    return any(spoken(sentence) in _CLEAR for sentence in sentences)


_HINTS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_lookalike, "Looks like STOP in letters of another alphabet"),
    (_is_spaced, "Looks like STOP with spaces between its letters"),
    (_is_misspelt, "Looks like STOP, misspelt"),
    (_has_unsubscribing, "Speaks of unsubscribing"),
    (_has_pattern, "Reads like a request to be left out"),
    (_is_decline, "Declines, without saying what"),
    (_begins_with_stop, "Begins with STOP, but more follows"),
    (_stops_messages, "Speaks of stopping and of messages"),
)
