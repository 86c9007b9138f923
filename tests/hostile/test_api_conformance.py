"""The API's own document turned against it: no call fails, no answer is undocumented.

FAULTS_MINUTES makes the run about so long, with other cases each time.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.conf import settings as configured
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from pytest_django.fixtures import Settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from broadcaster import broadcasts, enrolments, sequences, steps
from broadcaster.broadcasts import Words
from broadcaster.models import EnrolmentSource
from broadcaster.steps import Timing
from optout import addresses
from optout.access import Role, create_api_key
from optout.actors import NOBODY
from optout.models import Channel, default_list
from tests.factories import ASHA, LEENA, make_list, opt_out

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MINUTES = float(os.environ.get("FAULTS_MINUTES", "0"))
CASES = 3 + round(MINUTES * 60)  # of each operation; a case takes some 25 ms
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SCHEMA = schemathesis.openapi.from_path(configured.BASE_DIR / "docs" / "openapi.yaml")
SCHEMA.app = get_wsgi_application()
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]

some_cases = profile(
    max_examples=CASES,
    derandomize=not MINUTES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Town:
    """What there is, so that calls can be about something; and who calls."""

    key: str
    known: dict[tuple[str, type], Any]
    rows: dict[str, dict[str, int]]

    def here(self, path: str, parameters: dict[str, Any] | None) -> Any:
        """The parameters of a path, leading to the row that there is of its kind."""
        found = next((ids for kind, ids in self.rows.items() if kind in path), {})
        aimed = self.aimed(parameters or {})
        return aimed | {name: pk for name, pk in found.items() if name in aimed}

    def aimed(self, value: Any, name: str = "") -> Any:
        """The same with the ids and addresses that there are in the place of others."""
        match value:
            case dict():
                return {key: self.aimed(inner, key) for key, inner in value.items()}
            case list():
                return [self.aimed(inner, name) for inner in value]
        return self.known.get((name, type(value)), value)


@pytest.fixture
def town(phone: Channel, mailbox: Channel) -> Town:
    entry = opt_out(ASHA, make_list()).entries[0]
    _key, text = create_api_key(name="fuzz", role=Role.ADMIN)
    listed = default_list().pk
    known = {
        ("lists", int): listed,
        ("opt_out_lists", int): listed,
        ("unsubscribe_list", int): listed,
        ("channel_id", int): phone.pk,
        ("ids", int): entry.pk,
        ("id", int): listed,
        ("number", str): ASHA,
        ("to", str): ASHA,
        ("from", str): ASHA,
        ("address", str): ASHA,
        ("email", str): LEENA,
    }
    return Town(text, known, _sends(phone))


def _sends(phone: Channel) -> dict[str, dict[str, int]]:
    """A broadcast, and a running sequence with somebody in it."""
    broadcast = broadcasts.create(name="Sale", channel=phone, actor=NOBODY)
    sequence = sequences.create(name="Welcome", channel=phone, actor=NOBODY)
    step = steps.add(sequence, Words(text="Hello"), Timing())
    sequences.start(sequence, actor=NOBODY)
    enrolments.enrol(
        sequence, addresses.parse(ASHA), source=EnrolmentSource.HAND, actor=NOBODY
    )
    return {
        "/broadcasts/": {"id": broadcast.pk},
        "/sequences/": {"id": sequence.pk, "step": step.pk},
    }


@pytest.fixture(autouse=True)
def _one_connection(settings: Settings) -> Iterator[None]:
    """Requests keep the connection of the test, as with Django's own client."""
    settings.API_CALLS_PER_MINUTE = 10**9
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda found: found.label)
def test_an_operation_answers_as_documented(operation: Any, town: Town) -> None:
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

    @some_cases
    @given(good | bad, st.booleans())
    def check(case: Case, is_aimed: bool) -> None:
        if is_aimed:
            case.path_parameters = town.here(operation.path, case.path_parameters)
            case.body = town.aimed(case.body)
        headers = {"Authorization": f"Bearer {town.key}"}
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()
