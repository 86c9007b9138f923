"""Loopback mail servers for tests: a mailbox that collects, and one that misbehaves."""

import asyncio
import contextlib
import email
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default as mail_policy
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import LOOPBACK, Peer


@dataclass(frozen=True)
class Mail:
    """One mail as a server took it: the envelope, and what stood between the dots."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail as a program of its reader sees it."""
        parsed = email.message_from_bytes(self.raw, policy=mail_policy)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        """The text part."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content()).strip()

    @property
    def html(self) -> str:
        """The HTML part; empty without one."""
        part = self.message.get_body(("html",))
        return str(part.get_content()).strip() if part else ""


class _Controller(Controller):
    """Listens on a port that is free, not on a given one."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Mailbox:
    """A real mail server on loopback that keeps every mail, for the good cases.

    `login` is the one name and password it knows, `tls` what it shows after STARTTLS.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.mails: list[Mail] = []
        self.was_encrypted = False
        self.logged_in_as = ""
        self._login = login
        self._controller = _Controller(
            self,
            hostname=LOOPBACK,
            port=0,
            enable_SMTPUTF8=True,
            tls_context=tls,
            authenticator=self._authenticate,
            auth_require_tls=tls is not None,
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    @property
    def options(self) -> dict[str, object]:
        """The options of an smtp channel that delivers here."""
        return {"host": LOOPBACK, "port": self.port, "security": "none"}

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        sender, recipients = envelope.mail_from or "", envelope.rcpt_tos
        self.mails += [Mail(sender, to, envelope.content) for to in recipients]
        self.was_encrypted = session.ssl is not None
        return f"250 2.0.0 Ok: queued as {len(self.mails)}"

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, way: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        if given != self._login:
            return AuthResult(success=False, handled=False)
        self.logged_in_as = given[0]
        return AuthResult(success=True)

    def __enter__(self) -> Self:
        """Start to serve."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._controller.stop()


Lines = Callable[[], bytes]
Action = Callable[[socket.socket, threading.Event], None]
Turn = bytes | Action

GREETING = "greeting"
MAIL_END = "."
GOOD_TURNS: dict[str, Turn] = {
    GREETING: b"220 bare ready\r\n",
    "EHLO": b"250-bare\r\n250 8BITMIME\r\n",
    "MAIL": b"250 2.1.0 Ok\r\n",
    "RCPT": b"250 2.1.5 Ok\r\n",
    "DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    MAIL_END: b"250 2.0.0 Ok: queued as B1\r\n",
    "RSET": b"250 2.0.0 Ok\r\n",
    "NOOP": b"250 2.0.0 Ok\r\n",
    "STARTTLS": b"220 Go ahead\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}
OTHER = b"502 5.5.2 Not known\r\n"


class BareSmtp(Peer):
    """A mail server that says what a test wants at each turn of the dialogue.

    `turns` maps a command to a reply, or to what is done to the connection; `mails`
    is what was dotted off, `commands` what was heard.
    """

    def __init__(self, turns: dict[str, Turn] | None = None) -> None:
        super().__init__(self._talk)
        self.turns = GOOD_TURNS | (turns or {})
        self.mails: list[Mail] = []
        self.commands: list[str] = []

    @property
    def options(self) -> dict[str, object]:
        """The options of an smtp channel that delivers here."""
        return {"host": LOOPBACK, "port": self.port, "security": "none"}

    def _talk(self, connection: socket.socket, stopped: threading.Event) -> None:
        with connection.makefile("rb") as stream, contextlib.suppress(_Left):
            self._take(connection, stopped, GREETING)
            sender = recipient = ""
            while line := stream.readline():
                words = line.decode(errors="replace").strip()
                self.commands.append(words)
                verb = words[:8].split(" ")[0].upper()
                sender = _address(words) if verb == "MAIL" else sender
                recipient = _address(words) if verb == "RCPT" else recipient
                self._take(connection, stopped, verb)
                if verb == "DATA" and self.turns["DATA"] == GOOD_TURNS["DATA"]:
                    raw = b"".join(iter(stream.readline, b".\r\n"))
                    self.mails.append(Mail(sender, recipient, raw))
                    self._take(connection, stopped, MAIL_END)
                if verb == "QUIT":
                    return

    def _take(
        self, connection: socket.socket, stopped: threading.Event, name: str
    ) -> None:
        turn = self.turns.get(name, OTHER)
        if isinstance(turn, bytes):
            connection.sendall(turn)
        else:
            turn(connection, stopped)


class _Left(Exception):
    """The server has had enough of this connection."""


def _address(words: str) -> str:
    return words.partition("<")[2].partition(">")[0]


def stalls(connection: socket.socket, stopped: threading.Event) -> None:
    """Say nothing any more."""
    stopped.wait()


def resets(connection: socket.socket, stopped: threading.Event) -> None:
    """Reset the connection."""
    # Closing with an empty linger time sends RST instead of FIN.
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    raise _Left


def says_and_leaves(words: bytes) -> Action:
    """Say a part of a reply, or all of it, and close."""

    def act(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(words)
        raise _Left

    return act


def says_and_stalls(words: bytes) -> Action:
    """Say a reply, and nothing any more."""

    def act(connection: socket.socket, stopped: threading.Event) -> None:
        connection.sendall(words)
        stopped.wait()

    return act


def drips(connection: socket.socket, stopped: threading.Event) -> None:
    """Send a reply that never ends, a line at a time."""
    while not stopped.wait(0.02):
        connection.sendall(b"250-One moment\r\n")
