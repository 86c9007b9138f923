"""Brings a message into the forms in which keywords are compared.

Three forms, each coarser than the one before: normalised (case, width, invisible
signs), folded (accents), spoken (the bare words). MAX_CHARS bounds all work.
"""

import re
import unicodedata

# A keyword message is short; what follows cannot change what it says.
MAX_CHARS = 1_600

_TRIMMED = frozenset("PSZ")
_BLANKED = frozenset({"So", "Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_VARIATION_SELECTORS = re.compile(
    "[\u180b-\u180d\u20e3\ufe00-\ufe0f\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff]"
)
# Accents go from Latin and Greek letters only: in Cyrillic й is a letter of its own,
# and Indian vowel signs are marks too.
_ACCENTS = re.compile("([\u0000-\u02ff\u0370-\u03ff])[\u0300-\u036f]+")
# Arabic short vowels, the hamza on its carriers and the stretching sign; Hebrew points.
_POINTS = re.compile("[\u0591-\u05c7\u0640\u064b-\u065f\u0670]+")
# Letters that have no decomposition: Turkish dotless i, Polish, Nordic, Vietnamese.
_PLAIN_LETTERS = str.maketrans("ıłøđ", "ilod")
_APOSTROPHES = re.compile("(?<=\\w)['\u2019\u02bc](?=\\w)")


def normalise(text: str) -> str:
    """Fold case and width, drop invisible signs and emoji, trim punctuation.

    Lines are joined by a space. Only the first MAX_CHARS count. Repeats change nothing.
    """
    short = " ".join(text.split())[:MAX_CHARS]
    folded = _compose(_without_invisible(short))
    blanked = "".join(" " if unicodedata.category(c) in _BLANKED else c for c in folded)
    return _trim(" ".join(blanked.split())[:MAX_CHARS])


def fold(normalised: str) -> str:
    """Remove accents, Arabic vowel and stretching signs, and the dots of Turkish i."""
    decomposed = unicodedata.normalize("NFD", normalised)
    bare = _POINTS.sub("", _ACCENTS.sub(r"\1", decomposed))
    return unicodedata.normalize("NFC", bare).translate(_PLAIN_LETTERS)


def spoken(text: str) -> str:
    """Give the bare words, one space apart: the coarsest form, unique for a keyword."""
    return keys_of(text)[-1]


def keys_of(text: str) -> tuple[str, str, str]:
    """Give the three forms of a text, the finest first; empty if nothing is left."""
    normalised = normalise(text)
    folded = fold(normalised)
    return normalised, folded, _bare_words(folded)


def _bare_words(folded: str) -> str:
    joined = _APOSTROPHES.sub("", folded)
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in joined)
    return " ".join("".join(kept).split())


def _without_invisible(text: str) -> str:
    seen = _VARIATION_SELECTORS.sub("", text)
    return "".join(c for c in seen if unicodedata.category(c) != "Cf")


def _compose(text: str) -> str:
    """Apply NFKC_Casefold, save its treatment of invisible signs (Unicode, 3.13)."""
    folded = unicodedata.normalize("NFD", text).casefold()
    again = unicodedata.normalize("NFKC", folded).casefold()
    return unicodedata.normalize("NFKC", again)


def _trim(text: str) -> str:
    start, end = 0, len(text)
    while start < end and unicodedata.category(text[start])[0] in _TRIMMED:
        start += 1
    while end > start and unicodedata.category(text[end - 1])[0] in _TRIMMED:
        end -= 1
    return text[start:end]
