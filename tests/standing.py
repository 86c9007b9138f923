"""Rows and files that stand for all tests of a module, and are gone after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker


@contextmanager
def standing(blocker: DjangoDbBlocker, files: Path) -> Iterator[None]:
    """What is written inside stays until the end; a test's own rows go with the test.

    Not around tests that commit: to other connections the rows are not there. A file
    that a test deletes is gone for all: those which may, work on copies.
    """
    block = transaction.atomic()
    # As the transaction around a test, it lets blocks begin that have to be outermost.
    block._from_testcase = True  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch, blocker.unblock(), block:
        patch.setattr(settings, "MEDIA_ROOT", files)
        yield
        transaction.set_rollback(True)
