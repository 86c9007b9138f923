"""A mail as bytes: whatever is written arrives, and the wire stays plain."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optout import mail
from optout.channels.base import Outgoing

SENDER = "The shop <shop@example.org>"
MESSAGE = Outgoing(7, 1, "asha@example.org", subject="Hi", text="Hello")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
# What may stand in a line of a header.
ANY_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]))
AWKWARD = [
    "",
    ".",
    "..\n.\nFrom the top\n",
    "spaces at the end   \nand a tab\t\n",
    "x" * 998,
    "x" * 999,
    "¡Adiós! " * 200,
    "見本 👍\r\nzwei\rdrei",
    "a = b =\n=3D",
    "nul \0 inside",
]


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(found: EmailMessage, kind: str) -> list[str]:
    part = found.get_body([kind])
    assert isinstance(part, EmailMessage)
    return part.get_content().encode().splitlines()


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_words_arrive_as_text_and_as_html(text: str) -> None:
    raw = mail.build(SENDER, replace(MESSAGE, text=text, html=text or "-"), utf8=False)
    assert text_of(read(raw), "plain") == text.encode().splitlines()
    assert text_of(read(raw), "html") == (text or "-").encode().splitlines()
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@given(text=ANY_TEXT)
def test_any_text_arrives(text: str) -> None:
    raw = mail.build(SENDER, replace(MESSAGE, text=text), utf8=False)
    assert text_of(read(raw), "plain") == text.encode().splitlines()
    assert not raw.replace(b"\r\n", b"").count(b"\n")


@given(subject=ANY_WORDS)
def test_any_subject_arrives(subject: str) -> None:
    raw = mail.build(SENDER, replace(MESSAGE, subject=subject), utf8=False)
    assert read(raw)["Subject"].split() == subject.split()
    assert raw.isascii()


@pytest.mark.parametrize("name", ["Subject", "To", "List-Unsubscribe", "X-Other"])
def test_no_value_smuggles_in_a_header(name: str) -> None:
    message = replace(MESSAGE, headers={name: "fine\r\nBcc: eve@example.org"})
    with pytest.raises(ValueError, match="header|linefeed"):
        mail.build(SENDER, message, utf8=False)
