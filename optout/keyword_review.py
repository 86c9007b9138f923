"""Notices messages that look like a request to opt out but hit no rule."""

import re
import unicodedata
from collections.abc import Callable

from optout.keyword_hints import (
    CONTACT_STEMS,
    MISSPELT,
    REVIEW_PATTERNS,
    REVIEW_RUNS,
    REVIEW_STEMS,
    REVIEW_WHOLE,
    STOP_VERBS,
    STOPS_BY,
)
from optout.keyword_text import MAX_CHARS, spoken

# "stop 12345", "stop you idiots": begins with the word, says little more.
MAX_WORDS_AFTER_STOP = 3
# "OPT OUT this number", "DAR DE BAJA este número": the longest keywords that open one.
MAX_OPENING_WORDS = 3
# What opens a sentence: TD is a bank too.
MIN_OPENING_CHARS = 3
# How far a word for messages may stand from a word for stopping.
REACH_WORDS = 4
_CLEAR = frozenset(
    {"stop", "unsubscribe", "stopall", "stop all", "optout", "opt out", "arret"}
)
_WORDS = re.compile(r"\w+")
_SENTENCE_ENDS = re.compile(r"[.!?;\n\r]+")
_PATTERNS = [re.compile(rf"(?<!\S)(?:{pattern})(?!\S)") for pattern in REVIEW_PATTERNS]
# Cyrillic and Greek letters, and digits, that pass for a Latin letter (Unicode TR 39).
_LOOKALIKES = str.maketrans(
    "аеорсухѕіјткмнвԁһԛԝαορτευικνβ05134", "aeopcyxsijtkmhbdhqwaopteuiknbosiea"
)


def reason_to_review(
    text: str, words: str, is_keyword: Callable[[str], bool]
) -> str | None:
    """Say why a person should look at a message, or None if nothing hints at it.

    `words` is the spoken form of `text`; `is_keyword` says which spoken words opt out
    on the channel.
    """
    if why := next((why for hints, why in _HINTS if hints(words)), None):
        return why
    if _has_clear_sentence(text):
        return "A sentence of its own asks to stop"
    if _opens_with_stop(text) or _opens_in_capitals(text, is_keyword):
        return _OPENS
    return None


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


def _opens_with_stop(text: str) -> bool:
    """STOP and more words: any in capitals, few in small letters, no "stop by"."""
    first, *rest = _words_of(text) or [""]
    if spoken(first) != "stop" or not rest:
        return False
    if first.isupper():
        return True
    is_short = len(rest) <= MAX_WORDS_AFTER_STOP
    return spoken(rest[0]) not in STOPS_BY and (is_short or first.istitle())


def _opens_in_capitals(text: str, is_keyword: Callable[[str], bool]) -> bool:
    """A keyword written in capitals, and more words."""
    words = _words_of(text)
    openings = (words[:size] for size in range(1, MAX_OPENING_WORDS + 1))
    return any(
        len(words) > len(opening) and _is_shouted(" ".join(opening), is_keyword)
        for opening in openings
    )


def _is_shouted(opening: str, is_keyword: Callable[[str], bool]) -> bool:
    is_word = len(opening) >= MIN_OPENING_CHARS and opening.isupper()
    return is_word and is_keyword(spoken(opening))


def _words_of(text: str) -> list[str]:
    """The words as written, capitals and all."""
    return _WORDS.findall(unicodedata.normalize("NFC", text[:MAX_CHARS]))


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
    (_stops_messages, "Speaks of stopping and of messages"),
)
_OPENS = "Begins with an opt-out word, but more follows"
