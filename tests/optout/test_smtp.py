"""Email over SMTP: what is certain, what is not, and how a mail looks on the wire."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optout.channels.base import Connection, NoAnswer, NotNow, Outgoing, Refused
from optout.channels.smtp import SmtpTransport
from optout.models import MessageState, Purpose
from tests.certificates import self_signed
from tests.factories import LEENA, drain, make_batch, make_channel, queue
from tests.optout.transports import NetworkContract, Provider, Weather, deadline
from tests.smtp_servers import (
    GOOD_TURNS,
    GREETING,
    MAIL_END,
    BareSmtp,
    Mailbox,
    Turn,
    drips,
    resets,
    says_and_leaves,
    says_and_stalls,
    stalls,
)

SENDER = "The shop <shop@example.org>"
MESSAGE = Outgoing(
    7, 1, LEENA, subject="Hi", text="Hello", headers={"Message-ID": "<optout.7@here>"}
)


def connect(server: Mailbox | BareSmtp, **more: Any) -> SmtpTransport:
    """A transport to a server on loopback; `more` are further options."""
    credentials = more.pop("credentials", {})
    options = server.options | {"timeout": 5} | more
    return SmtpTransport(Connection(201, "Mail", SENDER, options, credentials))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def bare() -> Iterator[BareSmtp]:
    with BareSmtp() as server:
        yield server


# The contract


TURNS: dict[Weather, dict[str, Turn]] = {
    Weather.ACCEPTS: {},
    Weather.REFUSES: {"RCPT": b"550 5.1.1 No such user here\r\n"},
    Weather.THROTTLES: {"MAIL": b"451 4.7.1 Too many, try again later\r\n"},
    Weather.STALLS_BEFORE: {"DATA": stalls},
    Weather.STALLS_AFTER: {MAIL_END: stalls},
    Weather.RESETS_BEFORE: {"EHLO": resets},
    Weather.RESETS_AFTER: {MAIL_END: resets},
    Weather.TRUNCATES: {MAIL_END: says_and_leaves(b"25")},
}


class SmtpProvider(Provider):
    address = LEENA

    def __init__(self, server: BareSmtp) -> None:
        self.server = server

    def transport(self) -> SmtpTransport:
        return connect(self.server)

    def be(self, weather: Weather) -> None:
        self.server.turns = GOOD_TURNS | TURNS[weather]

    def taken(self) -> list[str]:
        return [mail.text for mail in self.server.mails]


class TestSmtpTransport(NetworkContract):
    @pytest.fixture
    def provider(self, bare: BareSmtp) -> Provider:
        return SmtpProvider(bare)


# What is certain

BEFORE_THE_DOT = ["MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("command", [*BEFORE_THE_DOT, MAIL_END])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [(b"550 5.7.1 No\r\n", Refused), (b"450 4.2.0 Later\r\n", NotNow)],
)
def test_a_reply_is_definite_wherever_it_comes(
    bare: BareSmtp, command: str, reply: bytes, expected: type[Exception]
) -> None:
    bare.turns[command] = reply
    with pytest.raises(expected, match=reply.decode().strip()):
        connect(bare).send(MESSAGE)


@pytest.mark.parametrize("command", [GREETING, "EHLO", *BEFORE_THE_DOT])
@pytest.mark.parametrize("trouble", [stalls, resets, drips])
def test_trouble_before_the_final_dot_means_nothing_was_sent(
    bare: BareSmtp, command: str, trouble: Turn
) -> None:
    bare.turns[command] = trouble
    transport = connect(bare)
    with pytest.raises(NotNow), deadline(transport):
        transport.send(MESSAGE)
    assert bare.mails == []


@pytest.mark.parametrize(
    "turn",
    [
        stalls,
        resets,
        drips,
        *map(says_and_leaves, [b"", b"2", b"25", b"25\r\n", b"250-Ok\r\n", b"Ok\r\n"]),
        b"354 Go on\r\n",
        b"250 " + b"x" * 10_000 + b"\r\n",
    ],
)
def test_anything_but_a_verdict_after_the_final_dot_is_no_answer(
    bare: BareSmtp, turn: Turn
) -> None:
    bare.turns[MAIL_END] = turn
    transport = connect(bare)
    with pytest.raises(NoAnswer), deadline(transport):
        transport.send(MESSAGE)


def test_a_deadline_that_has_passed_is_not_followed_by_a_second_try(
    bare: BareSmtp,
) -> None:
    transport = connect(bare)
    transport.send(MESSAGE)
    bare.turns["MAIL"] = stalls
    with pytest.raises(NotNow, match="too long"), deadline(transport):
        transport.send(MESSAGE)
    assert bare.hits == 1


def test_a_connection_closed_meanwhile_is_opened_anew(bare: BareSmtp) -> None:
    bare.turns[MAIL_END] = says_and_leaves(b"250 2.0.0 Ok, and good bye\r\n")
    transport = connect(bare)
    transport.send(MESSAGE)
    transport.send(replace(MESSAGE, text="Again"))
    assert [mail.text for mail in bare.mails] == ["Hello", "Again"]
    assert bare.hits == 2


def test_a_server_that_keeps_closing_is_not_asked_for_ever(bare: BareSmtp) -> None:
    transport = connect(bare)
    transport.send(MESSAGE)
    bare.turns["MAIL"] = says_and_leaves(b"421 4.7.0 Good bye\r\n")
    with pytest.raises(NotNow, match="421"):
        transport.send(MESSAGE)
    assert bare.hits == 2


def test_one_connection_carries_many_mails_also_after_a_refusal(
    bare: BareSmtp,
) -> None:
    transport = connect(bare)
    transport.send(MESSAGE)
    bare.turns["RCPT"] = b"550 5.1.1 No such user\r\n"
    with pytest.raises(Refused):
        transport.send(MESSAGE)
    bare.turns["RCPT"] = GOOD_TURNS["RCPT"]
    transport.send(MESSAGE)
    assert (len(bare.mails), bare.hits) == (2, 1)


def test_a_server_that_is_not_there_is_a_no_for_now(bare: BareSmtp) -> None:
    with BareSmtp() as gone:
        transport = connect(gone)
    with pytest.raises(NotNow, match="No connection"):
        transport.send(MESSAGE)


# The connection


@pytest.fixture
def certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, ssl.SSLContext]:
    """One for localhost; trusted once SSL_CERT_FILE names it."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return self_signed("localhost", tmp_path)


def test_a_mail_goes_encrypted_and_logged_in(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    login = {"username": "shop", "password": "s3cret"}
    with Mailbox(tls=context, login=("shop", "s3cret")) as server:
        connect(server, host="localhost", security="starttls", credentials=login).send(
            MESSAGE
        )
    assert (server.was_encrypted, server.logged_in_as) == (True, "shop")
    assert len(server.mails) == 1


def test_a_wrong_password_is_a_no_for_now_and_never_repeated_in_the_reason() -> None:
    with Mailbox(login=("shop", "right")) as server:
        wrong = {"username": "shop", "password": "s3cret"}
        with pytest.raises(NotNow, match="refuses the log-in") as refused:
            connect(server, credentials=wrong).send(MESSAGE)
    assert "s3cret" not in refused.value.reason


def test_a_certificate_nobody_vouches_for_is_not_trusted(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    with Mailbox(tls=certificate[1]) as server:
        transport = connect(server, host="localhost", security="starttls")
        with pytest.raises(NotNow, match="certificate"):
            transport.send(MESSAGE)
    assert server.mails == []


def test_nothing_goes_in_plain_where_encryption_was_asked_for(bare: BareSmtp) -> None:
    with pytest.raises(NotNow, match="STARTTLS"):
        connect(bare, security="starttls").send(MESSAGE)
    assert [words[:4].upper() for words in bare.commands] == ["EHLO"]


TLS_NEVER_BEGINS: dict[str, dict[str, Turn]] = {
    "ssl": {GREETING: stalls},
    "starttls": {
        "EHLO": b"250-bare\r\n250 STARTTLS\r\n",
        "STARTTLS": says_and_stalls(b"220 Go ahead\r\n"),
    },
}


@pytest.mark.parametrize("security", ["ssl", "starttls"])
def test_a_stall_while_encryption_begins_ends_with_the_deadline(
    bare: BareSmtp, security: str
) -> None:
    bare.turns |= TLS_NEVER_BEGINS[security]
    transport = connect(bare, host="localhost", security=security)
    with pytest.raises(NotNow, match="too long"), deadline(transport):
        transport.send(MESSAGE)


@pytest.mark.parametrize(
    "options", [{}, {"host": ""}, {"host": "mail", "port": "x"}, {"host": "." * 300}]
)
def test_settings_that_cannot_work_are_a_no_for_now(options: dict[str, object]) -> None:
    with pytest.raises(NotNow):
        SmtpTransport(Connection(201, "Mail", SENDER, options)).send(MESSAGE)


# The mail


def test_a_mail_arrives_with_both_parts_and_the_envelope(mailbox: Mailbox) -> None:
    words = "¡Hola, José! 你好"
    connect(mailbox).send(
        replace(MESSAGE, subject=words, text=words, html=f"<p>{words}</p>")
    )
    mail = mailbox.mails[0]
    assert (mail.sender, mail.recipient) == ("shop@example.org", LEENA)
    assert (mail.message["subject"], mail.text, mail.html) == (
        words,
        words,
        f"<p>{words}</p>",
    )
    assert (mail.message["from"], mail.message["to"]) == (SENDER, LEENA)


def test_a_mail_is_plain_ascii_on_the_wire(bare: BareSmtp) -> None:
    connect(bare).send(replace(MESSAGE, subject="Café", text="Café", html="<p>é</p>"))
    assert bare.mails[0].raw.isascii()


def test_a_lone_dot_neither_ends_the_mail_nor_gets_lost(mailbox: Mailbox) -> None:
    text = "one\n.\nMAIL FROM:<evil@example.org>\n..\r\n.\rtwo"
    connect(mailbox).send(replace(MESSAGE, text=text))
    assert len(mailbox.mails) == 1
    lines = ["one", ".", "MAIL FROM:<evil@example.org>", "..", ".", "two"]
    assert mailbox.mails[0].text.splitlines() == lines


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "Hi\r\nBcc: everybody@example.org"},
        {"headers": {"Message-ID": "<a@b>\r\nBcc: everybody@example.org"}},
        {"text": "half a pair \ud800"},
    ],
)
def test_what_is_no_mail_is_refused_and_the_next_one_goes(
    mailbox: Mailbox, changed: dict[str, Any]
) -> None:
    transport = connect(mailbox)
    with pytest.raises(Refused, match="cannot be written as a mail"):
        transport.send(replace(MESSAGE, **changed))
    transport.send(MESSAGE)
    assert len(mailbox.mails) == 1


def test_an_address_outside_ascii_needs_a_server_that_takes_it(
    bare: BareSmtp, mailbox: Mailbox
) -> None:
    message = replace(MESSAGE, address="josé@example.org")
    with pytest.raises(Refused, match="outside ASCII"):
        connect(bare).send(message)
    connect(mailbox).send(message)
    assert mailbox.mails[0].recipient == "josé@example.org"


@pytest.mark.django_db
def test_the_unsubscribe_link_arrives_in_one_piece(mailbox: Mailbox) -> None:
    # One thread works in the test's own transaction.
    options = mailbox.options | {"threads": 1, "inbound_mailbox": "u@lists.example.org"}
    channel = make_channel(201, email=True, kind="smtp", options=options)
    message = queue(make_batch(channel, purpose=Purpose.BROADCAST), LEENA)
    drain()
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    head = mailbox.mails[0].raw.split(b"\r\n\r\n")[0]
    line = next(row for row in head.split(b"\r\n") if row.startswith(b"List-Unsub"))
    assert line.startswith(b"List-Unsubscribe: <mailto:u@lists.example.org?subject=")
    assert line.endswith(b"/>") and b"<http://testserver/u/" in line
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head.split(b"\r\n")
