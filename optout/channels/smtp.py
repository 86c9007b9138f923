"""Email over SMTP: one kept connection, and never a doubt that could be avoided.

Any reply of the server is definite, whatever its class (RFC 5321, 4.2.1). Only silence
after the final dot leaves open whether the mail was taken (RFC 5321, 4.5.3.2.6).
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any

from optout import mail
from optout.addresses import AddressKind
from optout.channels.base import (
    Accepted,
    NoAnswer,
    NotNow,
    Outgoing,
    Refused,
    Transport,
    TransportError,
    register,
)

DEFAULT_PORTS = {"none": 25, "starttls": 587, "ssl": 465}
DEFAULT_TIMEOUT_SECONDS = 15.0
_SEND_THE_MAIL = 3
_VERDICTS = (2, 4, 5)
_LEADING_DOT = re.compile(rb"(?m)^\.")

Reply = tuple[int, bytes]


class _Server(smtplib.SMTP):
    """smtplib over a socket that we open, so that we can cut it while smtplib waits."""

    def __init__(
        self, host: str, port: int, *, timeout: float, open_socket: "OpenSocket"
    ) -> None:
        self._get_socket = open_socket
        super().__init__(host, port, timeout=timeout)


OpenSocket = Callable[[str, int, float], socket.socket]


@register
class SmtpTransport(Transport):
    """Options: host, port, security (none, starttls or ssl), timeout in seconds.

    Credentials: username and password, both or neither. A connection that the server
    has closed meanwhile is opened anew once, before anything is handed over.
    """

    kind = "smtp"
    label = "Email (SMTP)"
    address_kinds = (AddressKind.EMAIL,)
    first_channel_id = 201
    threads = 4

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._server: smtplib.SMTP | None = None
        self._wire: socket.socket | None = None
        self._is_aborted = False

    def send(self, message: Outgoing) -> Accepted:
        self._is_aborted = False
        was_open = self._server is not None
        try:
            return self._try(message)
        except NotNow:
            if not was_open or self._server is not None or self._is_aborted:
                raise
        return self._try(message)

    def test(self) -> None:
        self.close()
        self._is_aborted = False
        try:
            with self._nothing_sent():
                _expect(self._connected().noop())
        finally:
            self.close()

    def abort(self) -> None:
        self._is_aborted = True  # first: a connection in the making looks at it last
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._server.quit()
        self._drop()

    # One attempt

    def _try(self, message: Outgoing) -> Accepted:
        try:
            with self._nothing_sent():
                server = self._connected()
                raw = self._begin(server, message)
                server.send(raw)
            return self._end(server)
        except TransportError:
            self._reset()
            raise

    def _begin(self, server: smtplib.SMTP, message: Outgoing) -> bytes:
        """Everything before the mail itself: sender, recipient, DATA."""
        sender = parseaddr(self.connection.sender)[1]
        needs_utf8 = not (sender + message.address).isascii()
        if needs_utf8 and not server.has_extn("smtputf8"):
            raise Refused("The mail server takes no addresses outside ASCII.")
        options = ("SMTPUTF8", "BODY=8BITMIME") if needs_utf8 else ()
        try:
            raw = mail.build(self.connection.sender, message, utf8=needs_utf8)
        except ValueError as error:
            raise Refused(f"This cannot be written as a mail: {error}") from error
        _expect(server.mail(sender, options))
        _expect(server.rcpt(message.address))
        _expect(server.docmd("DATA"), wanted=_SEND_THE_MAIL)
        return _LEADING_DOT.sub(b"..", raw)

    def _end(self, server: smtplib.SMTP) -> Accepted:
        """The final dot and the verdict: from here on silence is no longer a no."""
        try:
            server.send(b".\r\n")
            reply = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise NoAnswer(f"No answer after the mail was sent: {error}") from error
        if reply[0] // 100 not in _VERDICTS:
            self._drop()
            raise NoAnswer("The mail server's answer could not be read.")
        _expect(reply)
        return Accepted(_words(reply)[:255])

    # The connection

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            self._server = self._connect()
        return self._server

    def _connect(self) -> smtplib.SMTP:
        options = self.connection.options
        security = options.get("security", "none")
        port = int(options.get("port") or DEFAULT_PORTS[security])
        timeout = float(options.get("timeout") or DEFAULT_TIMEOUT_SECONDS)
        self._server = server = _Server(
            options["host"], port, timeout=timeout, open_socket=self._open_socket
        )
        server.ehlo_or_helo_if_needed()
        if security == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        credentials = self.connection.credentials
        if credentials.get("username"):
            server.login(credentials["username"], credentials.get("password", ""))
        return server

    def _open_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect; `_wire` is a second handle, which no wrapping in TLS takes away."""
        plain = socket.create_connection((host, port), timeout)
        # The final dot goes out on its own: it must not wait for the body's ACK.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wire = plain.dup()
        if self._is_aborted:
            plain.close()
            raise TimeoutError
        if self.connection.options.get("security") != "ssl":
            return plain
        tls = ssl.create_default_context()
        return tls.wrap_socket(plain, server_hostname=host)

    @contextlib.contextmanager
    def _nothing_sent(self) -> Iterator[None]:
        """Trouble in here comes before the final dot: it is a no for the moment."""
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            self._drop()
            raise NotNow("The mail server refuses the log-in.") from error
        except smtplib.SMTPResponseException as error:
            self._drop()
            reply = (error.smtp_code, _bytes(error.smtp_error))
            raise NotNow(f"The mail server says {_words(reply)}") from error
        except (OSError, smtplib.SMTPException, KeyError, ValueError) as error:
            self._drop()
            why = "it took too long" if self._is_aborted else error
            raise NotNow(f"No connection to the mail server: {why}") from error

    def _reset(self) -> None:
        """Ready for the next mail after a refusal in the middle."""
        if self._server is None:
            return
        try:
            _expect(self._server.rset())
        except (OSError, smtplib.SMTPException, TransportError):
            self._drop()

    def _drop(self) -> None:
        """Close without a word: the other side may not be listening."""
        server, self._server = self._server, None
        wire, self._wire = self._wire, None
        if server is not None:
            server.close()
        if wire is not None:
            wire.close()


def _expect(reply: Reply, *, wanted: int = 2) -> None:
    """A 4xx reply is a no for now, a 5xx one is final, anything odd is a no for now."""
    if reply[0] // 100 == wanted:
        return
    words = f"The mail server says {_words(reply)}"
    if reply[0] // 100 == 5:
        raise Refused(words)
    raise NotNow(words)


def _words(reply: Reply) -> str:
    text = " ".join(reply[1].decode("utf-8", "replace").split())
    return f"{reply[0]} {text}" if reply[0] > 0 else "nothing readable"


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
