"""JSON as RFC 8259 has it: no NaN, no endless numbers, no name twice."""

import json
import math
from typing import Any, NoReturn


class NotJSON(ValueError):
    """The bytes are no JSON; the text says why."""


def read(raw: bytes) -> Any:
    """Read UTF-8 JSON; raises NotJSON."""
    try:
        return json.loads(
            raw.decode(),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_distinct,
        )
    except RecursionError:
        raise NotJSON("The JSON is nested too deeply.") from None
    except ValueError as error:
        raise NotJSON(f"This is no JSON: {error}"[:300]) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
