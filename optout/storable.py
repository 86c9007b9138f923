"""Values of other systems as every database takes them."""

from typing import Any


def storable(value: Any) -> Any:
    """The same without NUL and half surrogate pairs, which no database takes."""
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case dict():
            return {storable(name): storable(inner) for name, inner in value.items()}
        case list():
            return [storable(inner) for inner in value]
    return value
