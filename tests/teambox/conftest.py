"""Fixtures of the door in."""

import pytest

from optout.models import Channel
from tests.factories import make_channel


@pytest.fixture
def sms(db: None) -> Channel:
    """A phone channel."""
    return make_channel(900)
