"""Log lines to stdout, with addresses, keys and link tokens masked."""

import logging
import re
from typing import Any

_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(Bearer)\s+[^\s'\",]+"), r"\1 …"),
    (re.compile(r"/u/[^/\s?#'\"]+"), "/u/…"),
    (re.compile(r"(/hooks/[\w-]+/)[^/\s?#'\"]+"), r"\1…"),
    (re.compile(r"(\w://[^\s:/@]*:)[^\s/@]+(?=@)"), r"\1…"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?=[\w-]+(\.[\w-]+)+)"), "…@"),
    (re.compile(r"\+\d[\d ().-]{5,18}\d"), "+…"),
    # Digits alone are a number as providers write it; ids and clocks are shorter.
    (re.compile(r"(?<![\w.-])\d{8,15}(?![\w-]|\.\d)"), "…"),
)


def mask(line: str) -> str:
    """`line` without phone numbers, mail names, bearer keys, passwords and tokens."""
    for pattern, replacement in _MASKS:
        line = pattern.sub(replacement, line)
    return line


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, so a traceback is covered as well as the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the masked line of `record`."""
        return mask(super().format(record))


_FORMATTERS = {
    "masked": {
        "()": "optout_project.logs.MaskingFormatter",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
    }
}
_HANDLERS = {
    "stdout": {
        "class": "logging.StreamHandler",
        "stream": "ext://sys.stdout",
        "formatter": "masked",
    },
}


def logging_config(level: str) -> dict[str, Any]:
    """A LOGGING setting: everything of `level` and up, as lines on stdout."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": _FORMATTERS,
        "handlers": _HANDLERS,
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # Beat ticks every two seconds: a line for each says nothing.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
        },
    }


def gunicorn_logging() -> dict[str, Any]:
    """What gunicorn needs to know; a log of each request is the proxy's to write."""
    return {
        "formatters": _FORMATTERS,
        "handlers": _HANDLERS,
        "root": {"handlers": ["stdout"], "level": "INFO"},
        "loggers": {
            "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
            "gunicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
