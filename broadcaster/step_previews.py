"""A step as somebody would read it, and which of its variables nobody fills."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from broadcaster.broadcasts import Words
from broadcaster.models import Enrolment, Sequence
from optout import compose, content, links
from optout.compose import LINK_VARIABLE
from optout.models import Content
from teambox import contacts
from teambox.models import ContactAddress, ContactAttribute

NAME = "name"


@dataclass(frozen=True, slots=True)
class Preview:
    """The words for one person; a test link stands for the unsubscribe link."""

    address: str
    subject: str
    text: str
    html: str
    link: str
    adds_link: bool


def preview(
    sequence: Sequence, words: Words, *, seen: Callable[[str], str] = str
) -> Preview:
    """The words for who was enrolled last, else for a contact, else with fallbacks.

    `seen` makes of a value what the reader may see of it.
    """
    address, values = _reader(sequence)
    values = {name: seen(value) for name, value in values.items()}
    link = links.url(links.DEAD_TOKEN)
    draft = Content(subject=words.subject, text=words.text, html=words.html)
    shown = content.render(draft, values | {LINK_VARIABLE: link})
    places_link = LINK_VARIABLE in content.variables(words.text, words.html)
    return Preview(
        address=address,
        subject=shown.subject,
        text=shown.text or compose.text_of(shown.html),
        html=shown.html,
        link=link,
        adds_link=sequence.is_email and not places_link,
    )


def _reader(sequence: Sequence) -> tuple[str, dict[str, str]]:
    """Somebody's address with what variables stand for; erased ones are passed over."""
    last = Enrolment.objects.filter(sequence=sequence).exclude(address="").first()
    if last is not None:
        known = contacts.values(contacts.of_address(last.key))
        return last.address, known | dict(last.variables)
    kind = sequence.channel.address_kind
    rows = ContactAddress.objects.filter(kind=kind).select_related("contact")
    row = rows.order_by("-id").first()
    return (row.address, contacts.values(row.contact)) if row else ("", {})


def variable_names() -> list[str]:
    """What contacts have a value for: their name, and each attribute of ours."""
    return [NAME, *ContactAttribute.objects.values_list("name", flat=True)]


def unfilled(words: Words, known: Iterable[str]) -> list[str]:
    """Variables that no contact fills and that have no fallback at some place."""
    bare: dict[str, None] = {}
    for text in (words.subject, words.text, words.html):
        cut = content.compiled(text)
        pairs = zip(cut.names, cut.fallbacks, strict=True)
        bare |= {name: None for name, fallback in pairs if not fallback}
    filled = {LINK_VARIABLE, *(name.lower() for name in known)}
    return [name for name in bare if name not in filled]
