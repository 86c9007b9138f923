"""Input that is what JSON says it is: `true` is no text, `"1"` no number."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.fields import empty


class Text(serializers.CharField):
    """A JSON string, trimmed; numbers and booleans are refused."""

    def to_internal_value(self, data: Any) -> str:
        """The text itself."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A JSON number without a fraction; strings and booleans are refused."""

    default_error_messages = {"too_large": "This number is too large."}

    def to_internal_value(self, data: Any) -> int:
        """The number itself, if a column can hold it."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        if not -(2**63) <= data < 2**63:
            self.fail("too_large")
        return data


class Flag(serializers.BooleanField):
    """A JSON boolean; 1, "true" and "on" are refused."""

    def to_internal_value(self, data: Any) -> bool:
        """The boolean itself."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class Input(serializers.Serializer[Any]):
    """A JSON object of known names: one that is not known, or set by us, is refused.

    Inside another it is given whole, also where that one may be given in part.
    """

    def run_validation(self, data: Any = empty) -> Any:
        """As the framework does, but for an object inside a PATCH."""
        if self.root is self or not getattr(self.root, "partial", False):
            return super().run_validation(data)
        is_empty, found = self.validate_empty_values(data)
        if is_empty:
            return found
        whole = type(self)(data=data, context=self.context)
        whole.is_valid(raise_exception=True)
        return whole.validated_data

    def to_internal_value(self, data: Any) -> Any:
        """As the framework does, after a look at the names."""
        if isinstance(data, Mapping):
            refuse_unknown(data, {str(one.field_name) for one in self._writable_fields})
        return super().to_internal_value(data)


def refuse_unknown(names: Mapping[str, Any], known: set[str]) -> None:
    """Raise a ValidationError that names each of `names` that is not known."""
    unknown = [name for name in names if name not in known]
    if unknown:
        message = "This is not known here, or cannot be set."
        raise serializers.ValidationError(
            {name[:100]: [message] for name in unknown[:20]}, code="unknown_field"
        )


class ModelInput(Input, serializers.ModelSerializer[Any]):
    """Input with the limits and defaults of a model's columns, as strict as `Input`."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: Text,
        models.PositiveIntegerField: Whole,
        models.BooleanField: Flag,
    }


def limit(model: type[models.Model], column: str) -> int | None:
    """How long a text the column takes."""
    field = model._meta.get_field(column)
    return field.max_length if isinstance(field, models.Field) else None
