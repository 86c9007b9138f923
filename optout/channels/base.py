"""What every transport speaks: the outgoing message and the provider's answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from optout.addresses import AddressKind


@dataclass(frozen=True, slots=True)
class Connection:
    """What a transport needs to know of a channel."""

    channel_id: int
    name: str
    sender: str
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A rendered message. `message_id` is ours and travels along to the provider."""

    message_id: int
    attempt: int
    address: str
    subject: str = ""
    text: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message; its id, or empty where it gives none."""

    provider_id: str = ""


class TransportError(Exception):
    """The provider did not take the message. The reason is shown to people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:300]


class Refused(TransportError):
    """A definite no for this message, before accepting it; a repeat is useless.

    `opted_out` says that the provider refused because the person opted out there
    (Twilio 21610, Meta 131050): the same fact as an opt-out at our own doors.
    """

    def __init__(self, reason: str, *, opted_out: bool = False) -> None:
        super().__init__(reason)
        self.opted_out = opted_out


class NotNow(TransportError):
    """A definite no for the moment: nothing was accepted, try again later."""

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None):
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class NoAnswer(TransportError):
    """Nobody knows whether it was accepted: never sent again blindly."""


class Transport(ABC):
    """One open connection to a provider, used by one thread at a time.

    A transport is opened once and sends many messages. `abort` is called from
    another thread when the deadline of a call has passed; it closes the socket, and
    the call then raises NoAnswer or NotNow, whichever is true.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    address_kinds: ClassVar[tuple[AddressKind, ...]]
    first_channel_id: ClassVar[int]
    threads: ClassVar[int] = 1
    can_look_up: ClassVar[bool] = False

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @abstractmethod
    def send(self, message: Outgoing) -> Accepted:
        """Hand the message over once; raises a TransportError otherwise."""

    def look_up(self, message_id: int) -> Accepted | None:
        """Whether the provider took our message: its answer, or None for no."""
        raise NotImplementedError

    def test(self) -> None:  # noqa: B027 - most kinds need none
        """Connect and log in without sending; raises a TransportError."""

    def abort(self) -> None:  # noqa: B027 - most kinds need none
        """Close the socket of the call in progress, from another thread."""

    def close(self) -> None:  # noqa: B027 - most kinds need none
        """Give the connection back; the transport may be used again after it."""


KINDS: dict[str, type[Transport]] = {}


def register(transport: type[Transport]) -> type[Transport]:
    """Class decorator: a kind of channel that can be chosen."""
    KINDS[transport.kind] = transport
    return transport


def transport_class(kind: str) -> type[Transport]:
    """The transport of a kind; `load_all` of the package has to have run."""
    return KINDS[kind]
