"""Any order of events: the product does what a small model says, and invariants hold.

`make soak` looks at other orders for as long as it is given.
"""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from optout import barrier
from tests.faults.tally import Tally
from tests.flows.product_machine import Product
from tests.servers import Receiver

EXAMPLES, STEPS = 4, 25


class FastClock(SimpleNamespace):
    """A clock that a wait moves on, so that no wait takes any time."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def receiver(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    settings.WEBHOOK_ALLOW_HTTP = True
    with Receiver() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.netloc]
        Product.receiver = running
        yield


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.django_db(transaction=True)
def test_whatever_happens_in_whatever_order(
    receiver: None,
    monkeypatch: pytest.MonkeyPatch,
    rounds: Iterator[int],
    tally: Tally,
) -> None:
    Product.tally = tally
    monkeypatch.setattr(barrier, "time", FastClock())
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    for chosen in rounds:
        run_state_machine_as_test(seed(chosen)(Product), settings=profile)
