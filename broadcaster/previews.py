"""A message as one of its recipients would read it."""

from collections.abc import Callable
from dataclasses import dataclass

from broadcaster import audiences, broadcasts, sources
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from broadcaster.samples import Sample
from optout import compose, content, csv_tables, links
from optout.compose import LINK_VARIABLE
from optout.models import Content


@dataclass(frozen=True, slots=True)
class Preview:
    """The words for one recipient; a test link stands for the unsubscribe link."""

    address: str
    subject: str
    text: str
    html: str
    link: str
    adds_link: bool


def preview(
    broadcast: Broadcast,
    words: Words,
    *,
    sample: Sample | None = None,
    seen: Callable[[str], str] = str,
) -> Preview:
    """The words with a recipient's values: the sample's, else the first one's.

    Before there is a recipient the fallbacks stand. `seen` makes of a value what the
    reader may see of it.
    """
    values = sample.to.variables if sample else first_row(broadcast)
    row = {name: seen(value) for name, value in values.items()}
    link = links.url(links.DEAD_TOKEN)
    draft = Content(subject=words.subject, text=words.text, html=words.html)
    shown = content.render(draft, row | {LINK_VARIABLE: link})
    places_link = LINK_VARIABLE in content.variables(words.text, words.html)
    return Preview(
        address=seen(sample.to.address) if sample else _address(broadcast, row),
        subject=shown.subject,
        text=shown.text or compose.text_of(shown.html),
        html=shown.html,
        link=link,
        adds_link=broadcast.is_email and not places_link,
    )


def first_row(broadcast: Broadcast) -> dict[str, str]:
    """The first recipient's values by name; empty before there is one."""
    rows = sample(broadcast, limit=1)
    return rows[0] if rows else {}


def sample(broadcast: Broadcast, *, limit: int) -> list[dict[str, str]]:
    """The first recipients' values by name, as the file or our rows have them."""
    source = sources.of(broadcast)
    if source:
        role = audiences.role_for(broadcast.channel.address_kind)
        found = source.sample(source.names(), limit=limit)
        return [{**to.variables, role: to.address} for to in found]
    if not broadcast.recipients:
        return []
    dialect = broadcasts.dialect_of(broadcast)
    with broadcasts.open_recipients(broadcast) as file:
        return csv_tables.first_rows(file, dialect, broadcast.columns, limit=limit)


def _address(broadcast: Broadcast, row: dict[str, str]) -> str:
    role = audiences.role_for(broadcast.channel.address_kind)
    named = (name for name in broadcast.columns if broadcast.mapping[name] == role)
    return row.get(next(named, role), "")


def saved(broadcast: Broadcast) -> Words:
    """The words as they were saved last."""
    return Words(text=broadcast.text, subject=broadcast.subject, html=broadcast.html)
