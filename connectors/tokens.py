"""Tokens: `{{body.customer.phone|fallback}}` stands for a value of what came in.

A token is a root and a path of keys and list indexes. It is read once, by one parser,
and its value is text that nothing expands again. A name without a root or a path,
`{{name}}`, is a variable of the contact (`optout.content`); other braces are text.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from connectors import token_syntax
from connectors.token_syntax import (
    ROOTS,
    SECRETS,
    WITH_SECRETS,
    Path,
    TokenError,
    dotted,
    path_in_words,
    token,
)
from optout import content
from optout.refusals import Refused

__all__ = [
    "MAX_TEXT",
    "ROOTS",
    "SECRETS",
    "WITH_SECRETS",
    "Data",
    "MissingAttribute",
    "Path",
    "TokenError",
    "as_text",
    "as_variables",
    "check",
    "dotted",
    "fill",
    "in_url",
    "in_words",
    "path_in_words",
    "paths",
    "resolve",
    "resolve_or_empty",
    "token",
]

Data = Mapping[str, Any]

MAX_TEXT = 100_000
MAX_DOCUMENT = 1_000_000
MAX_DOCUMENT_DEPTH = 100

_DIGEST_BYTES = 10


class MissingAttribute(Refused):
    """What came in has no such value, and the token names no fallback."""

    def __init__(self, path: Path) -> None:
        super().__init__("missing_attribute", f"The input has no {dotted(path)}.")
        self.path = path


@dataclass(frozen=True)
class Token:
    """One token: where its value stands, and what takes its place without one."""

    path: Path
    fallback: str | None

    def value(self, data: Data) -> Any:
        """The value as JSON has it, the fallback for none; raises MissingAttribute."""
        found = _found(self.path, data)
        if found is None or (found == "" and self.fallback is not None):
            if self.fallback is None:
                raise MissingAttribute(self.path)
            return self.fallback
        return found

    def text(self, data: Data) -> str:
        """The value as text; raises as `value` does."""
        return as_text(self.value(data))

    @cached_property
    def variable(self) -> str:
        """The name of a message's variable: the same for the same path, anywhere."""
        digest = blake2b(dotted(self.path).encode(), digest_size=_DIGEST_BYTES)
        return f"t_{digest.hexdigest()}"


class _Budget:
    """How many characters may still be written."""

    def __init__(self, most: int) -> None:
        self.most = self.left = most

    def spend(self, value: Any) -> Any:
        """The value itself; raises TokenError once there is no more room."""
        self.left -= len(as_text(value))
        if self.left < 0:
            raise _too_long(self.most)
        return value


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut at its tokens: literal, token, literal, …"""

    literals: tuple[str, ...]
    tokens: tuple[Token, ...]

    @property
    def is_one_token(self) -> bool:
        return self.literals == ("", "")

    def join(self, written: Callable[[Token], str]) -> str:
        """The text with each token as `written` gives it; raises TokenError if long."""
        budget = _Budget(MAX_TEXT)
        parts = [budget.spend(self.literals[0])]
        for one, literal in zip(self.tokens, self.literals[1:], strict=True):
            parts += (budget.spend(written(one)), budget.spend(literal))
        return "".join(parts)


@lru_cache(maxsize=256)
def cut(text: str) -> Cut:
    """The text cut at its tokens; remembered, as each run asks. Raises TokenError."""
    literals, tokens, at = [], [], 0
    for start, path, fallback, end in token_syntax.read(text):
        literals.append(text[at:start])
        tokens.append(Token(path, fallback))
        at = end
    return Cut((*literals, text[at:]), tuple(tokens))


def check(text: str, *, field: str, roots: Collection[str] = ROOTS) -> None:
    """Raise TokenError for `field` unless every token in the text can be read.

    Secrets are refused unless `roots` is WITH_SECRETS, as where a request is made.
    """
    try:
        if len(text) > MAX_TEXT:
            raise _too_long(MAX_TEXT)
        found = paths(text)
        if stranger := next((path for path in found if path[0] not in roots), None):
            raise _not_here(stranger)
    except TokenError as error:
        raise TokenError(error.code, error.message, field) from None


def paths(text: str) -> list[Path]:
    """Where the text's tokens point, each place once; raises TokenError."""
    return list(dict.fromkeys(token.path for token in cut(text).tokens))


def in_words(text: str) -> str:
    """The text with each token as people read it; one that cannot be read stays."""
    try:
        return cut(text).join(lambda one: path_in_words(one.path))
    except TokenError:
        return text


def resolve(text: str, data: Data) -> str:
    """The text with each token's value, in one pass: values are never expanded.

    Text stays as it is, numbers and true or false are as JSON writes them, objects
    and lists are compact JSON. What is not there, or is null, takes the fallback,
    and so does an empty text. Raises MissingAttribute without a fallback, TokenError
    for a token that cannot be read or a result of over MAX_TEXT characters.
    """
    return cut(text).join(lambda one: one.text(data))


def resolve_or_empty(text: str, data: Data) -> str:
    """As `resolve`, but what is missing is empty."""
    return cut(text).join(lambda one: _text_or_empty(one, data))


def _text_or_empty(one: Token, data: Data) -> str:
    try:
        return one.text(data)
    except MissingAttribute:
        return ""


def as_variables(text: str, data: Data) -> tuple[str, dict[str, str]]:
    """A message's words with variables for tokens, and the values of these variables.

    Escaping, line breaks in a subject and the one pass stay the message's own. A
    variable's name is made from its path: the subject, text and HTML of one message
    share their values, and the words are the same in every run. A value that is
    longer than messages keep is refused, not cut; raises as `resolve` does.
    """
    pieces = cut(text)
    values = {one.variable: _short_value(one, data) for one in pieces.tokens}
    return pieces.join(_as_variable), values


def _as_variable(one: Token) -> str:
    fallback = "" if one.fallback is None else f"|{one.fallback}"
    return "{{" + one.variable + fallback + "}}"


def _short_value(one: Token, data: Data) -> str:
    text = one.text(data)
    if len(text) > content.MAX_VALUE:
        raise TokenError(
            "too_long",
            f"{dotted(one.path)} has {len(text):,} characters, "
            f"a message takes {content.MAX_VALUE:,} at most.",
        )
    return text


def in_url(url: str, data: Data) -> str:
    """As `resolve`, but values are percent-encoded: none adds a path or a parameter.

    A token that the URL begins with is a whole URL and stays as it is; who calls it
    checks where it leads. A value that would climb the path is refused.
    """
    pieces = cut(url)
    is_whole = bool(pieces.tokens) and not pieces.literals[0]
    first = pieces.tokens[0] if is_whole else None
    return pieces.join(
        lambda one: one.text(data) if one is first else _encoded(one, data)
    )


def _encoded(one: Token, data: Data) -> str:
    value = one.text(data)
    # Clients read %2E%2E as two dots, so no encoding holds them back.
    if value in (".", ".."):
        raise TokenError(
            "bad_value", f"{dotted(one.path)} is “{value}”: no part of a URL."
        )
    return quote(value, safe="", errors="replace")


def fill(document: Any, data: Data) -> Any:
    """A JSON document with the tokens in its strings resolved; keys stay.

    A string that is one token becomes the value itself: a number stays a number.
    Raises as `resolve` does, and TokenError over MAX_DOCUMENT characters.
    """
    return _filled(document, data, MAX_DOCUMENT_DEPTH, _Budget(MAX_DOCUMENT))


def _filled(node: Any, data: Data, depth: int, budget: _Budget) -> Any:
    if depth < 0:
        raise TokenError("too_deep", "The document is nested too deeply.")
    if isinstance(node, dict):
        return {
            key: _filled(item, data, depth - 1, budget) for key, item in node.items()
        }
    if isinstance(node, list):
        return [_filled(item, data, depth - 1, budget) for item in node]
    if not isinstance(node, str):
        return node
    pieces = cut(node)
    if pieces.is_one_token:
        return budget.spend(pieces.tokens[0].value(data))
    return budget.spend(resolve(node, data))


def _found(path: Path, data: Data) -> Any:
    """The value at a path; None where a key or an index is not there."""
    node: Any = data
    for step in path:
        if isinstance(step, str) and isinstance(node, Mapping):
            node = node.get(step)
        elif isinstance(step, int) and isinstance(node, list) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def as_text(value: Any) -> str:
    """A JSON value as text: a text as it is, else compact JSON; raises TokenError."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, ValueError):  # so deep, or an integer of so many digits
        raise TokenError("too_long", "A value is too large to be written.") from None


def _not_here(path: Path) -> TokenError:
    reason = "is read where an HTTP request is made, not here"
    if path[0] != SECRETS:
        reason = "cannot be read here"
    return TokenError("unknown_root", f"{token(path)} {reason}.")


def _too_long(most: int) -> TokenError:
    return TokenError("too_long", f"The text has more than {most:,} characters.")
