"""A mail as the bytes that go out. Python's own EmailMessage takes six times as long.

Bodies are ASCII on the wire: not every server takes eight bits.
"""

import base64
import binascii
import re
import secrets
from email.policy import EmailPolicy
from email.utils import formatdate
from functools import lru_cache

from optout.channels.base import Outgoing

_LONGEST_LINE = 998  # RFC 5322, 2.1.1, in octets without the line's end
_SHORT = 60  # characters of a value whose header needs no folding
_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9.-]+")
_WORDS = re.compile(r"[A-Za-z0-9](?:[ -<>-~]*[!-<>-~])?")  # no `=`: no encoded words
_VISIBLE = re.compile(r"[ -~]*")

# Written as they are. Python folds a long word into encoded words, which no mail
# client reads back as a link: List-Unsubscribe would be dead.
_NEVER_FOLDED = frozenset({"list-unsubscribe", "list-id", "message-id"})
_PLAIN = {"to": _ADDRESS, "subject": _WORDS}

_POLICY = EmailPolicy(linesep="\r\n", cte_type="7bit")
_UTF8_POLICY = _POLICY.clone(utf8=True)


def build(sender: str, message: Outgoing, *, utf8: bool) -> bytes:
    """The mail, with a text part and, where there is HTML, both as alternatives.

    With `utf8` headers hold characters outside ASCII as they are (RFC 6532). Raises
    ValueError for what no mail can hold.
    """
    headers = {
        "From": sender,
        "To": message.address,
        "Subject": message.subject,
        "Date": formatdate(),
        **message.headers,
        "MIME-Version": "1.0",
    }
    lines = [_header(name, value, utf8) for name, value in headers.items()]
    return b"".join(lines) + _body(message)


def _header(name: str, value: str, utf8: bool) -> bytes:
    if name.lower() in _NEVER_FOLDED:
        if not _VISIBLE.fullmatch(value):
            raise ValueError(f"The header {name} holds a forbidden character.")
        return f"{name}: {value}\r\n".encode("ascii")
    plain = _PLAIN.get(name.lower())
    if plain and len(value) <= _SHORT and plain.fullmatch(value):
        return f"{name}: {value}\r\n".encode("ascii")
    return _folded(name, value, utf8)


@lru_cache(maxsize=256)
def _folded(name: str, value: str, utf8: bool) -> bytes:
    """By Python's parser; most headers of a send are the same in all its mails."""
    policy = _UTF8_POLICY if utf8 else _POLICY
    return policy.fold_binary(*policy.header_store_parse(name, value))


def _body(message: Outgoing) -> bytes:
    text = _part("plain", message.text)
    if not message.html:
        return text
    # No text holds it: 128 random bits.
    boundary = f"==={secrets.token_hex(16)}===".encode()
    return (
        b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n' % boundary
        + b"--%b\r\n%b\r\n" % (boundary, text)
        + b"--%b\r\n%b\r\n" % (boundary, _part("html", message.html))
        + b"--%b--\r\n" % boundary
    )


def _part(subtype: str, text: str) -> bytes:
    lines = text.encode().splitlines()
    encoding, body = _encoded(b"".join(line + b"\r\n" for line in lines))
    return (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def _encoded(data: bytes) -> tuple[str, bytes]:
    """As it is where it can be, else the shorter of the two encodings of RFC 2045."""
    longest = max(map(len, data.split(b"\r\n")))
    if data.isascii() and b"\0" not in data and longest <= _LONGEST_LINE:
        return "7bit", data
    quoted = binascii.b2a_qp(data)
    packed = base64.encodebytes(data).replace(b"\n", b"\r\n")
    if len(quoted) <= len(packed):
        return "quoted-printable", quoted
    return "base64", packed
