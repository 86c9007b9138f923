"""Attributes: all that a sample holds, each with the token that the picker inserts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors import tokens
from connectors.tokens import Data, Path

MAX_SHOWN = 500
MAX_VALUE_CHARS = 120
# What lies deeper or comes later is not listed; tokens still reach it.
MAX_DEPTH = 32
MAX_READ = 20_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """One value of a sample, or of several: that of the newest which has it."""

    path: Path
    value: str
    is_cut: bool = False
    stands_in: int = 1
    samples: int = 1

    @property
    def token(self) -> str:
        """What the picker inserts."""
        return tokens.token(self.path)

    @property
    def words(self) -> str:
        """The path as people read it."""
        return tokens.path_in_words(self.path)

    @property
    def is_optional(self) -> bool:
        """Whether a sample came without it: its token wants a fallback."""
        return self.stands_in < self.samples


@dataclass(frozen=True, slots=True)
class Attributes:
    """The first attributes, in order, and how many there are."""

    shown: list[Attribute] = field(default_factory=list)
    count: int = 0

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.count - len(self.shown)

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.shown)

    def __len__(self) -> int:
        return len(self.shown)


def of(data: Data, *, limit: int = MAX_SHOWN) -> Attributes:
    """The values of one sample in the order of its document, secrets left out.

    An empty list or object stands for itself. What is null is shown as empty and
    counts as missing, as it does for tokens. MAX_READ of them are counted at most.
    """
    return merged([data], limit=limit)


def merged(samples: Sequence[Data], *, limit: int = MAX_SHOWN) -> Attributes:
    """The attributes of several samples, newest first, each path once.

    An attribute that not all of them have says in how many it stands.
    """
    found: dict[Path, Attribute] = {}
    for data in samples:
        for path, value in _leaves(data):
            found[path] = _seen(found.get(path), path, value, len(samples))
    return Attributes(list(found.values())[:limit], len(found))


def _seen(known: Attribute | None, path: Path, value: Any, samples: int) -> Attribute:
    here = int(value is not None)
    if known is not None and known.stands_in:
        return replace(known, stands_in=known.stands_in + here)
    text = _shown(value)
    cut = text[: MAX_VALUE_CHARS - 1] + "…" if len(text) > MAX_VALUE_CHARS else text
    return Attribute(path, cut, cut != text, here, samples)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    try:
        return tokens.as_text(value)
    except tokens.TokenError:
        return "…"


def _leaves(data: Data) -> Iterator[tuple[Path, Any]]:
    """Each value with its path, in order; without recursion, as inputs may be deep."""
    roots = [((root,), data[root]) for root in data if root in tokens.ROOTS]
    waiting: list[Iterator[tuple[Path, Any]]] = [iter(roots)]
    read = 0
    while waiting and read < MAX_READ:
        path, value = next(waiting[-1], (None, None))
        if path is None:
            waiting.pop()
        elif isinstance(value, dict | list) and value and len(path) < MAX_DEPTH:
            waiting.append(_children(path, value))
        else:
            read += 1
            yield path, value


def _children(
    path: Path, value: dict[str, Any] | list[Any]
) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in items:
        yield (*path, step), item
