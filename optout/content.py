"""Words with `{{variables}}`: compiled once, substituted per recipient in one pass.

Customer text never meets a template engine: a variable is a name in two braces,
nothing else has a meaning, and a value is never expanded again.
"""

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from optout.models import Content

# {{ name }} or {{ name | fallback text }}
_VARIABLE = re.compile(r"\{\{[ \t]*([^\W\d]\w{0,29})[ \t]*(?:\|([^{}]{0,100}))?\}\}")
_LINE_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")

MAX_VALUE = 1_000


def variables(*texts: str) -> list[str]:
    """The names used, each once, in the order they appear."""
    names = (
        found.group(1).lower() for text in texts for found in _VARIABLE.finditer(text)
    )
    return list(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text cut at its variables: literal, name, fallback, literal, …"""

    literals: tuple[str, ...]
    names: tuple[str, ...]
    fallbacks: tuple[str, ...]

    def render(self, values: Mapping[str, str], *, escape: bool = False) -> str:
        parts = [self.literals[0]]
        for name, fallback, literal in zip(
            self.names, self.fallbacks, self.literals[1:], strict=True
        ):
            value = values.get(name) or fallback
            parts += (html.escape(value) if escape else value, literal)
        return "".join(parts)


@lru_cache(maxsize=1024)
def compiled(text: str) -> Compiled:
    """The text cut at its variables; remembered, as a broadcast asks per recipient."""
    pieces = _VARIABLE.split(text)
    return Compiled(
        literals=tuple(pieces[::3]),
        names=tuple(name.lower() for name in pieces[1::3]),
        fallbacks=tuple((fallback or "").strip() for fallback in pieces[2::3]),
    )


@dataclass(frozen=True, slots=True)
class Rendered:
    """The words of a message for one recipient."""

    subject: str
    text: str
    html: str


def render(content: Content, values: Mapping[str, str]) -> Rendered:
    """The message for one recipient: values escaped in HTML, one line in a subject."""
    subject = compiled(content.subject).render(values)
    return Rendered(
        subject=_LINE_BREAKS.sub(" ", subject).strip(),
        text=compiled(content.text).render(values),
        html=compiled(content.html).render(values, escape=True),
    )


def as_written(content: Content) -> Rendered:
    """The message whose words are a list's own: braces in them are just braces."""
    return Rendered(content.subject, content.text, content.html)


def used_values(names: Iterable[str], row: Mapping[str, str]) -> dict[str, str]:
    """What a message keeps of a recipient's columns: the variables it uses."""
    return {name: row[name][:MAX_VALUE] for name in names if row.get(name)}
