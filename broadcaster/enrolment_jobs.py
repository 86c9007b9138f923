"""Enrolling many contacts: jobs in chunks, and tags that enrol who gets them."""

from collections.abc import Mapping
from typing import Any

from broadcaster.models import EnrolmentJob, Sequence
from optout.actors import Actor


def start(
    sequence: Sequence, audience: Mapping[str, Any], *, actor: Actor
) -> EnrolmentJob:
    """Enrol the contacts of an audience, as `contact_audiences` reads it, by a worker.

    Each contact by the first address of the channel's kind. Raises SequenceError
    `ended`.
    """
    raise NotImplementedError


def work_due() -> bool:
    """Enrol one chunk of the oldest job that is open; False when there is none."""
    raise NotImplementedError


def enrol_tagged() -> int:
    """Enrol who got the tag of a sequence since the last look; how many were looked at.

    Drafts and ended sequences enrol nobody.
    """
    raise NotImplementedError
