"""Log lines: what names a person or opens a door is masked."""

import io
import logging

import pytest

from optout_project.logs import MaskingFormatter, mask


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("no route to +34 600 111 222", "600"),
        ("tel:+14155552671 refused", "4155552671"),
        ("sent to 34600111222.", "34600111222"),
        ("whatsapp:34600111222", "34600111222"),
        ("bounce from ana.lopez+x@mail.example.org", "ana"),
        ("Authorization: Bearer ok_live_abc.def", "abc"),
        ("GET /u/v1.abcDEF-_123/ 404", "abcDEF"),
        ("POST /hooks/connectors/s3cretToken?x=1", "s3cretToken"),
        ("cannot reach postgres://me:pa55word@db/optout", "pa55word"),
    ],
)
def test_a_line_is_masked(line: str, secret: str) -> None:
    assert secret not in mask(line)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 13:27:16,104 INFO 200 in 1532 ms",
        "broadcast 1234567 ended, 1000000 recipients",
        "entry 6f1c0d52-0000-4000-8000-123456789012 lifted",
    ],
)
def test_clocks_counts_and_ids_stay_readable(line: str) -> None:
    assert mask(line) == line


def test_a_traceback_is_masked_too() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter())
    logger = logging.Logger("apart")
    logger.addHandler(handler)
    try:
        raise ValueError("+34600111222")
    except ValueError:
        logger.exception("failed")
    assert "ValueError: +…" in stream.getvalue()
