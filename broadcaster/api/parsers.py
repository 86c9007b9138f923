"""A CSV file as the whole body of a request."""

import tempfile
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from optout.api.parsers import BodyTooLarge
from optout.csv_files import MAX_BYTES

_CHUNK_BYTES = 64 * 1024
_IN_MEMORY_BYTES = 2 * 1024 * 1024


class CsvParser(BaseParser):
    """Spools the body to a file, which `request.data` holds as `file`."""

    media_type = "text/csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the body; raises BodyTooLarge."""
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        while chunk := stream.read(_CHUNK_BYTES):
            if file.tell() + len(chunk) > MAX_BYTES:
                raise BodyTooLarge
            file.write(chunk)
        return {"file": file}
