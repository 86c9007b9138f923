"""What every transport promises: a test class for each kind inherits one of these."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

import pytest

from optout.channels.base import (
    Accepted,
    NoAnswer,
    NotNow,
    Outgoing,
    Refused,
    Transport,
    transport_class,
)
from optout.deadlines import Watchdog

DEADLINE_SECONDS = 0.2


class Weather(Enum):
    """How the provider behaves."""

    ACCEPTS = auto()
    REFUSES = auto()
    THROTTLES = auto()
    STALLS_BEFORE = auto()  # before it could have accepted the message
    STALLS_AFTER = auto()  # when it may have accepted it
    RESETS_BEFORE = auto()
    RESETS_AFTER = auto()
    TRUNCATES = auto()  # its answer, after the message


class Provider(ABC):
    """The other side, staged: a real one on loopback, or a table."""

    address: str

    @abstractmethod
    def transport(self) -> Transport:
        """A transport that is connected to this provider, not yet open."""

    @abstractmethod
    def be(self, weather: Weather) -> None:
        """Behave like this from the next word on."""

    @abstractmethod
    def taken(self) -> list[str]:
        """The texts it has accepted, in order."""

    def message(self, text: str = "Hello", message_id: int = 7) -> Outgoing:
        """A message it would accept."""
        return Outgoing(message_id, 1, self.address, subject="Hi", text=text)


@contextmanager
def deadline(transport: Transport) -> Iterator[None]:
    """Cut the call short as the sender does."""
    watchdog = Watchdog()
    try:
        with watchdog.guard(transport.abort, DEADLINE_SECONDS):
            yield
    finally:
        watchdog.close()


class TransportContract:
    """Holds for every kind of channel."""

    @pytest.fixture
    def transport(self, provider: Provider) -> Iterator[Transport]:
        opened = provider.transport()
        yield opened
        opened.close()

    def test_its_kind_can_be_chosen(self, transport: Transport) -> None:
        assert transport_class(transport.kind) is type(transport)
        assert transport.label and transport.address_kinds

    def test_an_accepted_message_is_taken_once(
        self, provider: Provider, transport: Transport
    ) -> None:
        assert isinstance(transport.send(provider.message()), Accepted)
        assert provider.taken() == ["Hello"]

    def test_one_transport_sends_many(
        self, provider: Provider, transport: Transport
    ) -> None:
        for number in range(3):
            transport.send(provider.message(f"Hello {number}", number))
        assert provider.taken() == ["Hello 0", "Hello 1", "Hello 2"]

    def test_it_can_be_used_after_closing(
        self, provider: Provider, transport: Transport
    ) -> None:
        transport.send(provider.message("before"))
        transport.close()
        transport.close()
        transport.send(provider.message("after", 8))
        assert provider.taken() == ["before", "after"]

    def test_an_abort_between_two_calls_spoils_neither(
        self, provider: Provider, transport: Transport
    ) -> None:
        transport.abort()
        transport.send(provider.message("before"))
        transport.abort()
        transport.send(provider.message("after", 8))
        assert provider.taken() == ["before", "after"]

    def test_its_test_sends_nothing(
        self, provider: Provider, transport: Transport
    ) -> None:
        transport.test()
        assert provider.taken() == []


class LookUpContract(TransportContract):
    """Holds for every kind whose provider can be asked about a message."""

    def test_a_look_up_finds_what_was_taken_and_only_that(
        self, provider: Provider, transport: Transport
    ) -> None:
        accepted = transport.send(provider.message(message_id=7))
        assert transport.can_look_up
        assert (transport.look_up(7), transport.look_up(8)) == (accepted, None)


class NetworkContract(TransportContract):
    """Holds for every kind that reaches its provider over a network."""

    def test_a_refusal_is_final(self, provider: Provider, transport: Transport) -> None:
        provider.be(Weather.REFUSES)
        with pytest.raises(Refused) as refused:
            transport.send(provider.message())
        assert refused.value.reason

    def test_a_throttled_message_may_be_tried_again(
        self, provider: Provider, transport: Transport
    ) -> None:
        provider.be(Weather.THROTTLES)
        with pytest.raises(NotNow):
            transport.send(provider.message())
        provider.be(Weather.ACCEPTS)
        transport.send(provider.message())
        assert provider.taken() == ["Hello"]

    @pytest.mark.parametrize("weather", [Weather.STALLS_BEFORE, Weather.RESETS_BEFORE])
    def test_trouble_before_the_message_is_a_no_for_now(
        self, provider: Provider, transport: Transport, weather: Weather
    ) -> None:
        provider.be(weather)
        with pytest.raises(NotNow), deadline(transport):
            transport.send(provider.message())

    @pytest.mark.parametrize(
        "weather", [Weather.STALLS_AFTER, Weather.RESETS_AFTER, Weather.TRUNCATES]
    )
    def test_trouble_after_the_message_is_no_answer(
        self, provider: Provider, transport: Transport, weather: Weather
    ) -> None:
        provider.be(weather)
        with pytest.raises(NoAnswer), deadline(transport):
            transport.send(provider.message())

    @pytest.mark.parametrize("weather", list(Weather))
    def test_the_next_message_goes_out_after_any_trouble(
        self, provider: Provider, transport: Transport, weather: Weather
    ) -> None:
        provider.be(weather)
        try:
            with deadline(transport):
                transport.send(provider.message("in trouble"))
        except (Refused, NotNow, NoAnswer):
            provider.be(Weather.ACCEPTS)
        transport.send(provider.message("after it", 8))
        assert provider.taken()[-1] == "after it"

    def test_its_test_says_what_is_wrong(
        self, provider: Provider, transport: Transport
    ) -> None:
        provider.be(Weather.RESETS_BEFORE)
        with pytest.raises((Refused, NotNow)):
            transport.test()
