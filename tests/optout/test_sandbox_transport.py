"""The sandbox keeps the transports' contract; its provider is a table."""

import pytest

from optout.channels.base import Connection, Transport
from optout.channels.sandbox import SandboxTransport
from optout.models import SandboxMessage
from tests.factories import ASHA, make_channel
from tests.optout.transports import LookUpContract, Provider, Weather

pytestmark = pytest.mark.django_db


class SandboxProvider(Provider):
    address = ASHA

    def transport(self) -> Transport:
        return SandboxTransport(Connection(900, "Sandbox", "+15550100"))

    def be(self, weather: Weather) -> None:
        assert weather is Weather.ACCEPTS, "The sandbox knows no trouble."

    def taken(self) -> list[str]:
        return list(SandboxMessage.objects.values_list("text", flat=True))


class TestSandboxTransport(LookUpContract):
    @pytest.fixture
    def provider(self) -> Provider:
        make_channel(900)
        return SandboxProvider()
