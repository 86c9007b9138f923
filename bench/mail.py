"""Building one mail, text and HTML, against Django's EmailMultiAlternatives."""

from collections.abc import Callable, Iterator
from functools import partial

from django.core.mail import EmailMultiAlternatives

from bench.table import MICROSECONDS, Note, Row, Target
from bench.timing import Variant, interleave
from optout import mail
from optout.channels.base import Outgoing

MAILS = 100  # in a turn
SENDER = "The shop <shop@example.org>"
TEXT = "Hello Asha, see our sale today in all shops.\n" * 20
HTML = "<p>Hello Asha, see our sale today in all shops.</p>\n" * 20


def lines(scale: float) -> Iterator[Row | Note]:
    """One line: a mail with the headers of a marketing send."""
    mails = [_mail(number) for number in range(MAILS)]
    seconds = interleave(
        {
            "ours": Variant(partial(_build, _ours, mails)),
            "django": Variant(partial(_build, _by_django, mails)),
        }
    )
    yield Row(
        "building a mail, text and HTML",
        seconds["ours"] / MAILS,
        seconds["django"] / MAILS,
        "Django's EmailMultiAlternatives",
        Target(1),
        MICROSECONDS,
    )


def _build(how: Callable[[Outgoing], bytes], mails: list[Outgoing]) -> None:
    for each in mails:
        how(each)


def _ours(message: Outgoing) -> bytes:
    return mail.build(SENDER, message, utf8=False)


def _by_django(message: Outgoing) -> bytes:
    made = EmailMultiAlternatives(
        message.subject,
        message.text,
        SENDER,
        [message.address],
        headers=dict(message.headers),
    )
    made.attach_alternative(message.html, "text/html")
    return made.message().as_bytes()


def _mail(number: int) -> Outgoing:
    return Outgoing(
        number,
        1,
        f"asha{number}@example.org",
        subject=f"Number {number} of our sale",
        text=TEXT,
        html=HTML,
        headers={
            "Message-ID": f"<optout.{number}@example.org>",
            "List-Unsubscribe": f"<https://example.org/u/{number:032}/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": "<broadcast.201.example.org>",
        },
    )
