"""Tokens: `{{body.customer.phone|fallback}}` stands for a value of what came in.

A token is a root and a path of keys and list indexes. It is read once, by one parser,
and its value is text that nothing expands again. A name without a root or a path,
`{{name}}`, is a variable of the contact (`optout.content`); other braces are text.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from optout import content
from optout.refusals import Refused

Path = tuple[str | int, ...]
Data = Mapping[str, Any]

ROOTS = ("body", "custom_variables", "responses", "run", "connector")
SECRETS = "secrets"
WITH_SECRETS = (*ROOTS, SECRETS)

MAX_TEXT = 100_000
MAX_DOCUMENT = 1_000_000
MAX_DOCUMENT_DEPTH = 100

_SHOWN_CHARS = 60
_DIGEST_BYTES = 10
_OPENING = re.compile(r"\{\{[ \t]*([^\W\d]\w*)")
_NAME = re.compile(r"[\w-]+")
# Nine digits are more places than any input has.
_STEP = re.compile(rf"\.({_NAME.pattern})|\[(0|[1-9][0-9]{{0,8}})\]")
_CLOSING = re.compile(r"[ \t]*(?:\|([^{}]{0,100}))?\}\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_READ_JSON = json.JSONDecoder().raw_decode


class TokenError(Refused):
    """A token that cannot be read; `code` is bad_token, unknown_root or too_long."""


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
        parts = [self.literals[0]]
        size = len(parts[0])
        for token, literal in zip(self.tokens, self.literals[1:], strict=True):
            parts += (written(token), literal)
            size += len(parts[-2]) + len(literal)
            if size > MAX_TEXT:
                break
        if size > MAX_TEXT:
            raise _too_long(MAX_TEXT)
        return "".join(parts)


@lru_cache(maxsize=256)
def cut(text: str) -> Cut:
    """The text cut at its tokens; remembered, as each run asks. Raises TokenError."""
    literals, tokens, at = [], [], 0
    for start, token, end in _tokens(text):
        literals.append(text[at:start])
        tokens.append(token)
        at = end
    return Cut((*literals, text[at:]), tuple(tokens))


def _tokens(text: str) -> Iterator[tuple[int, Token, int]]:
    at = 0
    while found := _OPENING.search(text, at):
        at = found.end()
        if found[1] in WITH_SECRETS:
            token, at = _token(text, found)
            yield found.start(), token, at
        elif text.startswith((".", "["), at):
            raise _unknown_root(found[1], text[found.start() :])


def _token(text: str, opening: re.Match[str]) -> tuple[Token, int]:
    steps, at = _steps(text, opening.end())
    closing = _CLOSING.match(text, at)
    path: Path = (opening[1], *steps)
    if not closing or path == (SECRETS,):
        raise _bad_token(text[opening.start() :])
    fallback = None if closing[1] is None else closing[1].strip()
    return Token(path, fallback), closing.end()


def _steps(text: str, at: int) -> tuple[list[str | int], int]:
    steps: list[str | int] = []
    while True:
        if step := _STEP.match(text, at):
            steps.append(step[1] or int(step[2]))
            at = step.end()
        elif quoted := _quoted(text, at):
            steps.append(quoted[0])
            at = quoted[1]
        else:
            return steps, at


def _quoted(text: str, at: int) -> tuple[str, int] | None:
    if not text.startswith('["', at):
        return None
    try:
        key, end = _READ_JSON(text, at + 1)
    except json.JSONDecodeError:
        return None
    return (key, end + 1) if text.startswith("]", end) else None


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


def token(path: Sequence[str | int]) -> str:
    """Write the token for a path, the root first: what the picker inserts."""
    return "{{" + dotted(path) + "}}"


def dotted(path: Sequence[str | int]) -> str:
    """The path as a token writes it: `body.items[0]["Phone number"]`."""
    return str(path[0]) + "".join(map(_step_text, path[1:]))


def _step_text(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if _NAME.fullmatch(step):
        return f".{step}"
    quoted = json.dumps(step, ensure_ascii=False)
    return f"[{_SURROGATE.sub(_escaped, quoted)}]"


def _escaped(surrogate: re.Match[str]) -> str:
    """Half a character is no text that a database takes; its escape is."""
    return f"\\u{ord(surrogate[0]):04x}"


def path_in_words(path: Sequence[str | int]) -> str:
    """The path as people read it: `body › items[0] › Phone number`."""
    words = (f"[{step}]" if isinstance(step, int) else f" › {step}" for step in path)
    return "".join(words).removeprefix(" › ")


def in_words(text: str) -> str:
    """The text with each token as people read it; one that cannot be read stays."""
    try:
        return cut(text).join(lambda token: path_in_words(token.path))
    except TokenError:
        return text


def resolve(text: str, data: Data) -> str:
    """The text with each token's value, in one pass: values are never expanded.

    Text stays as it is, numbers and true or false are as JSON writes them, objects
    and lists are compact JSON. What is not there, or is null, takes the fallback,
    and so does an empty text. Raises MissingAttribute without a fallback, TokenError
    for a token that cannot be read or a result of over MAX_TEXT characters.
    """
    return cut(text).join(lambda token: token.text(data))


def resolve_or_empty(text: str, data: Data) -> str:
    """As `resolve`, but what is missing is empty."""
    return cut(text).join(lambda token: _text_or_empty(token, data))


def _text_or_empty(token: Token, data: Data) -> str:
    try:
        return token.text(data)
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
    values = {}
    for token in pieces.tokens:
        values[token.variable] = _short_value(token, data)
    return pieces.join(_as_variable), values


def _as_variable(token: Token) -> str:
    fallback = "" if token.fallback is None else f"|{token.fallback}"
    return "{{" + token.variable + fallback + "}}"


def _short_value(token: Token, data: Data) -> str:
    text = token.text(data)
    if len(text) > content.MAX_VALUE:
        raise TokenError(
            "too_long",
            f"{dotted(token.path)} has {len(text):,} characters, "
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
        lambda token: token.text(data) if token is first else _encoded(token, data)
    )


def _encoded(token: Token, data: Data) -> str:
    value = token.text(data)
    # Clients read %2E%2E as two dots, so no encoding holds them back.
    if value in (".", ".."):
        raise TokenError(
            "bad_value", f"{dotted(token.path)} is “{value}”: no part of a URL."
        )
    return quote(value, safe="", errors="replace")


def fill(document: Any, data: Data) -> Any:
    """A JSON document with the tokens in its strings resolved; keys stay.

    A string that is one token becomes the value itself: a number stays a number.
    Raises as `resolve` does, and TokenError over MAX_DOCUMENT characters.
    """
    return _filled(document, data, MAX_DOCUMENT_DEPTH, _Budget(MAX_DOCUMENT))


class _Budget:
    """How many characters a document may still take."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, value: Any) -> Any:
        self.left -= len(as_text(value))
        if self.left < 0:
            raise _too_long(MAX_DOCUMENT)
        return value


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


def _bad_token(rest: str) -> TokenError:
    return TokenError(
        "bad_token",
        f"“{_beginning(rest)}” cannot be read as an attribute. Write it like "
        '{{body.customer.phone}} or {{body["Phone number"]|fallback}}.',
    )


def _unknown_root(name: str, rest: str) -> TokenError:
    return TokenError(
        "unknown_root",
        f"“{_beginning(rest)}” is no attribute. They begin with {_or(ROOTS)}, "
        f"“{name}” is none of these.",
    )


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _beginning(rest: str) -> str:
    return "".join(rest[:_SHOWN_CHARS].partition("}}")[:2])


def _not_here(path: Path) -> TokenError:
    reason = "is read where an HTTP request is made, not here"
    if path[0] != SECRETS:
        reason = "cannot be read here"
    return TokenError("unknown_root", f"{token(path)} {reason}.")


def _too_long(most: int) -> TokenError:
    return TokenError("too_long", f"The text has more than {most:,} characters.")
