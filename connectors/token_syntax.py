"""How a token is written: read by one parser, and written for the picker."""

import json
import re
from collections.abc import Iterator, Sequence

from optout.refusals import Refused

Path = tuple[str | int, ...]
# Where it begins in the text, its path, its fallback, and where it ends.
Found = tuple[int, Path, str | None, int]

ROOTS = ("body", "custom_variables", "responses", "run", "connector")
SECRETS = "secrets"
WITH_SECRETS = (*ROOTS, SECRETS)

_SHOWN_CHARS = 60
_OPENING = re.compile(r"\{\{[ \t]*([^\W\d]\w*)")
_NAME = re.compile(r"[\w-]+")
# Nine digits are more places than any input has.
_STEP = re.compile(rf"\.({_NAME.pattern})|\[(0|[1-9][0-9]{{0,8}})\]")
_CLOSING = re.compile(r"[ \t]*(?:\|([^{}]{0,100}))?\}\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_READ_JSON = json.JSONDecoder().raw_decode


class TokenError(Refused):
    """A token that cannot be read; `code` is bad_token, unknown_root or too_long."""


def read(text: str) -> Iterator[Found]:
    """The tokens of a text in order; raises TokenError for one that is wrong."""
    at = 0
    while found := _OPENING.search(text, at):
        at = found.end()
        if found[1] in WITH_SECRETS:
            path, fallback, at = _token(text, found)
            yield found.start(), path, fallback, at
        elif text.startswith((".", "["), at):
            raise _unknown_root(found[1], text[found.start() :])


def _token(text: str, opening: re.Match[str]) -> tuple[Path, str | None, int]:
    steps, at = _steps(text, opening.end())
    closing = _CLOSING.match(text, at)
    path: Path = (opening[1], *steps)
    if not closing or path == (SECRETS,):
        raise _bad_token(text[opening.start() :])
    fallback = None if closing[1] is None else closing[1].strip()
    return path, fallback, closing.end()


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
