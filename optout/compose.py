"""The message as a transport gets it: words filled in, unsubscribe link and headers."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

from django.conf import settings

from optout import content, links
from optout.addresses import AddressKind
from optout.channels.base import Outgoing
from optout.marking import Claimed
from optout.models import OutgoingBatch, Purpose

LINK_VARIABLE = "unsubscribe_link"
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


def outgoing(message: Claimed, batch: OutgoingBatch) -> Outgoing:
    """What is handed over for this message; the same at each attempt."""
    link = _link(message, batch)
    words = _words(message, batch, link)
    is_email = batch.channel.address_kind == AddressKind.EMAIL
    if not is_email:
        return Outgoing(message.pk, message.attempt, message.address, text=words.text)
    shows_link = LINK_VARIABLE in content.variables(
        message.content.text, message.content.html
    )
    footer = link if batch.is_marketing and not shows_link else ""
    text = words.text or text_of(words.html)
    return Outgoing(
        message.pk,
        message.attempt,
        message.address,
        subject=words.subject,
        text=_with_text_footer(text, footer),
        html=_with_html_footer(words.html, footer),
        headers=_headers(message, batch, link),
    )


def _words(message: Claimed, batch: OutgoingBatch, link: str) -> content.Rendered:
    if batch.purpose == Purpose.LIST_MESSAGE:
        return content.as_written(message.content)
    return content.render(message.content, message.variables | {LINK_VARIABLE: link})


def _link(message: Claimed, batch: OutgoingBatch) -> str:
    """A test mail carries a dead link: opening it opts nobody out."""
    is_test = batch.purpose == Purpose.TEST
    return links.url(links.DEAD_TOKEN if is_test else links.token(message.pk))


def _with_text_footer(text: str, link: str) -> str:
    return f"{text}\n\n-- \nUnsubscribe: {link}\n" if link else text


def _with_html_footer(body: str, link: str) -> str:
    if not (body and link):
        return body
    footer = (
        '<p style="font-size:12px;color:#60646c">'
        f'<a href="{html.escape(link)}">Unsubscribe</a></p>'
    )
    end = _BODY_END.search(body)
    at = end.start() if end else len(body)
    return body[:at] + footer + body[at:]


def _headers(message: Claimed, batch: OutgoingBatch, link: str) -> dict[str, str]:
    """RFC 2369 and RFC 8058: exactly one web URI, with mailto where mail is read."""
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    headers = {"Message-ID": f"<optout.{message.pk}@{host}>"}
    if not batch.is_marketing:
        return headers
    mailbox = batch.channel.options.get("inbound_mailbox")
    ways = (
        [f"<mailto:{mailbox}?subject={quote(link.split('/')[-2])}>"] if mailbox else []
    )
    return headers | {
        "List-Unsubscribe": ", ".join([*ways, f"<{link}>"]),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{batch.purpose}.{batch.channel_id}.{host}>",
    }


class _TextOnly(HTMLParser):
    """Collects the readable text of an HTML mail, a line per block."""

    _BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table"})
    _UNREAD = frozenset({"script", "style", "title"})

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._unread += tag in self._UNREAD
        if tag in self._BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in self._UNREAD and self._unread > 0

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data)


def text_of(body: str) -> str:
    """The text part of a mail that was written in HTML alone."""
    parser = _TextOnly()
    parser.feed(body)
    lines = (" ".join(line.split()) for line in "".join(parser.parts).splitlines())
    return "\n".join(line for line in lines if line)
