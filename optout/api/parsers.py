"""JSON as RFC 8259 has it, of bounded size and depth; anything else is a clear 400."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from optout import strict_json


class BodyTooLarge(APIException):
    """The request is longer than DATA_UPLOAD_MAX_MEMORY_SIZE."""

    status_code = 413
    default_code = "body_too_large"
    default_detail = "The request body is too large."


class StrictJSONParser(BaseParser):
    """Refuses NaN, numbers beyond a float, doubled names and what is not UTF-8."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the whole body; raises ParseError, or BodyTooLarge."""
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            return strict_json.read(raw)
        except strict_json.NotJSON as error:
            raise ParseError(str(error)) from None
