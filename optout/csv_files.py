"""CSV files of any dialect, read as a stream within limits, or what is wrong."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

MAX_BYTES = 200 * 1024 * 1024
MAX_ROWS = 1_000_000
MAX_COLUMNS = 64
MAX_CELL_CHARS = 1_000
MAX_LINE_CHARS = 200_000

_CHUNK_BYTES = 1024 * 1024
_DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FORMATS = {
    b"PK": "This is an Excel or zip file. Save it as CSV first.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel file. Save it as CSV first.",
    b"\x1f\x8b": "This file is compressed. Unpack it first.",
    b"%PDF": "This is a PDF file. A CSV file is due.",
}
_NOT_TEXT = "This is no text file. Save it as CSV in UTF-8."


class BadFile(ValueError):
    """A file that cannot be used as it is; nothing was taken from it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written."""

    encoding: str
    delimiter: str


class Record(NamedTuple):
    """One row that is not blank; `number` is the one a spreadsheet shows."""

    number: int
    cells: list[str]


def guess_dialect(file: BinaryIO) -> Dialect:
    """Tell encoding and delimiter. Raises BadFile for what is no text file."""
    _check_size(file)
    encoding = _guess_encoding(file)
    first = next((line for line in _lines(file, encoding) if line.strip()), "")
    if not first:
        raise BadFile("empty_file", "The file is empty.")
    return Dialect(encoding, _guess_delimiter(first))


def records(file: BinaryIO, dialect: Dialect) -> Generator[Record]:
    """Every row that is not blank, the header too. Raises BadFile on the way."""
    reader = csv.reader(
        _lines(file, dialect.encoding), delimiter=dialect.delimiter, strict=True
    )
    try:
        for number, cells in enumerate(reader, start=1):
            if any(map(str.strip, cells)):
                yield Record(number, cells)
    except csv.Error as error:
        raise BadFile("broken_csv", _explain(error, reader.line_num)) from None


def _explain(error: csv.Error, line: int) -> str:
    text = str(error)
    if "end of data" in text or "field larger" in text:
        return "A cell begins with a quote that is never closed."
    if "expected after" in text:
        return f"Line {line}: a quoted cell goes on after its closing quote."
    return f"Line {line}: {text}."


def _check_size(file: BinaryIO) -> None:
    if file.seek(0, io.SEEK_END) > MAX_BYTES:
        raise BadFile("too_large", f"At most {MAX_BYTES // 1024**2} MB, please.")


def _guess_encoding(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4096)
    for signature, message in _OTHER_FORMATS.items():
        if head.startswith(signature):
            raise BadFile("not_text", message)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    if b"\0" in head:
        raise BadFile("not_text", _NOT_TEXT)
    return "utf-8" if _is_utf8(file) else "cp1252"


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guess_delimiter(header: str) -> str:
    unquoted = "".join(header.split('"')[::2])
    counts = Counter(char for char in unquoted if char in _DELIMITERS)
    return counts.most_common(1)[0][0] if counts else ","


def _lines(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The file's lines with any line end, none longer than the limit."""
    file.seek(0)
    # Windows-1252 leaves five bytes undefined; a file with one is still readable.
    errors = "replace" if encoding == "cp1252" else "strict"
    text = io.TextIOWrapper(file, encoding, errors=errors, newline="")
    try:
        for number, line in enumerate(_limited(text), start=1):
            if len(line) >= MAX_LINE_CHARS:
                raise BadFile("line_too_long", f"Line {number} is too long.")
            if "\0" in line:
                raise BadFile("not_text", f"Line {number} holds a NUL character.")
            yield line
    except UnicodeError:
        raise BadFile("not_text", _NOT_TEXT) from None
    finally:
        if not text.closed:
            text.detach()  # the file stays open, and with its owner


def _limited(text: io.TextIOWrapper) -> Iterator[str]:
    return iter(lambda: text.readline(MAX_LINE_CHARS), "")
