"""Decides what a message asks for: opt out, lift, help, a person's look, or nothing.

Pure: text and words in, a Match out. The lists' own keywords come from the caller.
"""

import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from types import MappingProxyType

from optout.keyword_courtesies import COURTESIES, WHOLE_PHRASES
from optout.keyword_packs import (
    ALWAYS_ON,
    CORE_WORDS,
    HELP_WORDS,
    PACKS,
    START_WORDS,
    YES,
)
from optout.keyword_phrases import NEGATIONS, PHRASES, UNSPACED_PHRASES
from optout.keyword_review import reason_to_review
from optout.keyword_text import MAX_CHARS, fold, keys_of, normalise, spoken

__all__ = [
    "BUILT_IN",
    "NOTHING",
    "Match",
    "Meaning",
    "Rule",
    "Tier",
    "Vocabulary",
    "clash",
    "fold",
    "keys_of",
    "match",
    "normalise",
    "spoken",
]

# A request wrapped in courtesies; longer texts have an object somewhere.
MAX_WRAPPED_WORDS = 14
# Longer texts quote, forward and tell stories: a person reads them.
MAX_PHRASE_WORDS = 40
NEGATION_REACH_WORDS = 4
# What a phone sends when a message is reacted to: `Liked “Reply STOP to opt out”`.
_TAPBACK = re.compile(
    "(?:liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted .{1,24} to"
    "|removed an? .{1,24} from|me gusta|me encanta|j.aime|j.adore|gefällt|curtiu|amou"
    '|[^\\w]{1,8} to) ?["“„«‘].*["”“»’.…]'
)


class Meaning(StrEnum):
    """What a keyword asks for."""

    OPT_OUT = "opt_out"
    LIFT = "lift"
    HELP = "help"


class Tier(StrEnum):
    """How surely the words were understood; kept with the entry."""

    EXACT = "exact"
    POLITE = "polite"
    PHRASE = "phrase"


@dataclass(frozen=True)
class Rule:
    """One built-in word. `switchable` says whether a channel may be deaf to it."""

    word: str
    meaning: Meaning
    language: str
    rule_id: str
    switchable: bool


@dataclass(frozen=True)
class Match:
    """What a message means. `list_id` None stands for the default list."""

    meaning: Meaning | None = None
    tier: Tier | None = None
    word: str = ""
    rule_id: str = ""
    list_id: int | None = None
    review_reason: str | None = None


NOTHING = Match()
_NO_WORDS: Mapping[str, int] = MappingProxyType({})


def _rules(words: tuple[str, ...], meaning: Meaning, language: str) -> list[Rule]:
    return [
        Rule(word, meaning, language, _rule_id(language, word), word not in ALWAYS_ON)
        for word in words
    ]


def _rule_id(language: str, word: str) -> str:
    return f"{language}:{spoken(word).replace(' ', '-')}"


def _built_in() -> tuple[Rule, ...]:
    """Give one rule for each spoken form, opt-outs first.

    A word that lifts in one language and opts out in another must never lift.
    """
    opt_outs = [_rules(out, Meaning.OPT_OUT, code) for code, (out, _) in PACKS.items()]
    lifts = [_rules(back, Meaning.LIFT, code) for code, (_, back) in PACKS.items()]
    by_form: dict[str, Rule] = {}
    for rule in chain(
        _rules(CORE_WORDS, Meaning.OPT_OUT, "core"),
        *opt_outs,
        _rules(HELP_WORDS, Meaning.HELP, "core"),
        _rules((*START_WORDS, YES), Meaning.LIFT, "core"),
        *lifts,
    ):
        by_form.setdefault(spoken(rule.word), rule)
    return tuple(by_form.values())


def _split(table: Mapping[str, str]) -> dict[str, str]:
    """Give each phrase of a table, in its spoken form, with its language."""
    return {
        spoken(phrase): language
        for language, phrases in table.items()
        for phrase in phrases.split(",")
    }


BUILT_IN: tuple[Rule, ...] = _built_in()
_BY_FORM = {spoken(rule.word): rule for rule in BUILT_IN}
_COURTESIES = frozenset(_split(COURTESIES))
_WHOLE = _split(WHOLE_PHRASES)
_PHRASES = [
    (language, re.compile(rf"(?<!\S)(?:{fold(pattern)})(?!\S)"))
    for language, pattern in PHRASES
] + [(language, re.compile(fold(pattern))) for language, pattern in UNSPACED_PHRASES]


@dataclass(frozen=True)
class Vocabulary:
    """The words that count on one channel: the lists' own, then the built-in ones."""

    own_opt_out: Mapping[str, int]
    own_start: Mapping[str, int]
    disabled: Set[str]
    yes_means_start: bool

    def exact(self, keys: tuple[str, str, str]) -> Match | None:
        """Read a text, by its three forms, that is one keyword. Opting out goes first.

        A list's own word goes before a built-in one of the same meaning.
        """
        return (
            _own(keys, self.own_opt_out, Meaning.OPT_OUT)
            or self._built_in(keys[-1], {Meaning.OPT_OUT})
            or _own(keys, self.own_start, Meaning.LIFT)
            or self._built_in(keys[-1], {Meaning.LIFT, Meaning.HELP})
        )

    def opt_out_word(self, words: str) -> Match | None:
        """Read words out of a longer text; only opt-out words may stand in one."""
        return _own((words,), self.own_opt_out, Meaning.OPT_OUT) or self._built_in(
            words, {Meaning.OPT_OUT}
        )

    def is_opt_out(self, words: str) -> bool:
        """Say whether words are a keyword that opts out here."""
        return self.opt_out_word(words) is not None

    def _built_in(self, form: str, meanings: Set[Meaning]) -> Match | None:
        rule = _BY_FORM.get(form)
        if rule is None or rule.meaning not in meanings or not self._counts(rule):
            return None
        return Match(rule.meaning, Tier.EXACT, rule.word, rule.rule_id)

    def _counts(self, rule: Rule) -> bool:
        if rule.word == YES:
            return self.yes_means_start
        return not (rule.switchable and rule.rule_id in self.disabled)


def match(
    text: str,
    *,
    own_opt_out: Mapping[str, int] = _NO_WORDS,
    own_start: Mapping[str, int] = _NO_WORDS,
    disabled: Set[str] = frozenset(),
    yes_means_start: bool = False,
) -> Match:
    """Say what a whole message means, by the first tier that hits.

    `own_opt_out` and `own_start` lead from a form of a list's keyword (any of
    `keys_of`, best the spoken one) to the list's id. `disabled` holds rule ids. A
    `review_reason` means: looks like a request, let a person decide. Raises nothing.
    """
    vocabulary = Vocabulary(own_opt_out, own_start, disabled, yes_means_start)
    if _is_tapback(text):
        return NOTHING
    keys = keys_of(text)
    words = keys[-1]
    return (
        vocabulary.exact(keys)
        or _polite(words, vocabulary)
        or _phrase(words, vocabulary)
        or _review(text, words, vocabulary)
        or NOTHING
    )


def clash(text: str) -> str | None:
    """Say why a text may not be a list's keyword; None if it may.

    The default list's own STOP clashes too: its caller lets it pass.
    """
    form = spoken(text)
    if not form:
        return "A keyword needs at least one letter or digit."
    rule = _BY_FORM.get(form)
    if rule is None:
        return None
    what = {
        Meaning.OPT_OUT: "already opts out of the default list",
        Meaning.LIFT: "is a START word: it brings people back",
        Meaning.HELP: "asks for help",
    }[rule.meaning]
    return f"“{rule.word}” {what}."


def _own(
    keys: tuple[str, ...], words: Mapping[str, int], meaning: Meaning
) -> Match | None:
    key = next((key for key in keys if key in words), None)
    if not key:
        return None
    return Match(meaning, Tier.EXACT, key, f"list:{words[key]}", words[key])


def _polite(words: str, vocabulary: Vocabulary) -> Match | None:
    return _wrapped(words, vocabulary.opt_out_word, Tier.POLITE)


def _phrase(words: str, vocabulary: Vocabulary) -> Match | None:
    def read(beginning: str) -> Match | None:
        return _whole_phrase(beginning) or vocabulary.opt_out_word(beginning)

    return _wrapped(words, read, Tier.PHRASE) or _contained_phrase(words)


def _whole_phrase(words: str) -> Match | None:
    language = _WHOLE.get(words)
    return _phrase_match(language, words) if language else None


def _phrase_match(language: str, words: str) -> Match:
    return Match(Meaning.OPT_OUT, Tier.PHRASE, words, f"phrase:{language}")


def _wrapped(
    text: str, read: Callable[[str], Match | None], tier: Tier
) -> Match | None:
    """Read a text that holds only courtesies and requests; the first request counts."""
    words = text.split()
    if len(words) > MAX_WRAPPED_WORDS:
        return None
    found, at = None, 0
    while at < len(words):
        hit, size = _longest_at(words[at:], read)
        if not size:
            return None
        found, at = found or hit, at + size
    return _at_tier(found, tier) if found else None


def _longest_at(
    words: list[str], read: Callable[[str], Match | None]
) -> tuple[Match | None, int]:
    """The longest request or courtesy that the words begin with, and its length."""
    for size in range(len(words), 0, -1):
        beginning = " ".join(words[:size])
        hit = read(beginning)
        if hit or beginning in _COURTESIES:
            return hit, size
    return None, 0


def _at_tier(found: Match, tier: Tier) -> Match:
    return Match(found.meaning, tier, found.word, found.rule_id, found.list_id)


def _contained_phrase(words: str) -> Match | None:
    if words.count(" ") >= MAX_PHRASE_WORDS:
        return None
    for language, pattern in _PHRASES:
        found = pattern.search(words)
        if found and not _is_negated(words[: found.start()]):
            return _phrase_match(language, found[0])
    return None


def _is_negated(before: str) -> bool:
    return not NEGATIONS.isdisjoint(before.split()[-NEGATION_REACH_WORDS:])


def _review(text: str, words: str, vocabulary: Vocabulary) -> Match | None:
    """Hold a message that comes near: what a "not" or sheer length kept from a tier."""
    near = any(pattern.search(words) for _, pattern in _PHRASES)
    reason = "A request, but negated or inside a long text" if near else None
    reason = reason or reason_to_review(text, words, vocabulary.is_opt_out)
    return Match(rule_id="review", review_reason=reason) if reason else None


def _is_tapback(text: str) -> bool:
    shown = " ".join(text.split())[:MAX_CHARS].casefold()
    return _TAPBACK.fullmatch(shown) is not None
