"""What a draft still lacks before it can be prepared and launched."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from broadcaster import sources
from broadcaster.audiences import role_for
from broadcaster.models import AudienceKind, Broadcast, Stage
from optout import content
from optout.compose import LINK_VARIABLE
from optout.models import live_lists

# A way out that a person can see: these words, or the link.
_WAY_OUT = re.compile(
    r"\b(stop|unsubscribe|opt[ -]?out|abmelden|baja|parar|sair|arr[eê]t|stopp?)\b",
    re.IGNORECASE,
)
WAY_OUT = "Reply STOP to opt out."


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend; `step` is the page of the wizard that mends it."""

    step: str
    code: str
    message: str


def problems(broadcast: Broadcast) -> list[Problem]:
    """Everything that stands against preparing the draft, or nothing."""
    return [
        *_channel_problems(broadcast),
        *_message_problems(broadcast),
        *_recipient_problems(broadcast),
        *_list_problems(broadcast),
    ]


def _channel_problems(broadcast: Broadcast) -> Iterator[Problem]:
    if not broadcast.channel.is_active:
        message = f"The channel “{broadcast.channel}” is not active."
        yield Problem("name", "inactive_channel", message)


def _message_problems(broadcast: Broadcast) -> Iterator[Problem]:
    if broadcast.is_email:
        if not broadcast.subject.strip():
            yield Problem("message", "subject_required", "An email needs a subject.")
        if not (broadcast.text.strip() or broadcast.html.strip()):
            yield Problem("message", "message_required", "Write the email.")
        return
    if not broadcast.text.strip():
        yield Problem("message", "message_required", "Write the message.")
    if broadcast.subject or broadcast.html:
        message = "A message to phones has a text alone, no subject and no HTML."
        yield Problem("message", "text_only", message)


def _recipient_problems(broadcast: Broadcast) -> Iterator[Problem]:
    if not has_audience(broadcast):
        yield Problem("recipients", "recipients_required", "Choose the recipients.")
        return
    yield from _source_problems(broadcast)
    if unknown := unknown_variables(broadcast):
        names = ", ".join("{{" + name + "}}" for name in unknown)
        where = "No contact" if sources.of(broadcast) else "No column"
        message = (
            f"{where} gives {names}. Rename it, add it, or write what stands "
            "there otherwise: {{" + unknown[0] + "|friend}}."
        )
        yield Problem("message", "unknown_variable", message)
    if broadcast.stage == Stage.READY and not broadcast.batch.messages.exists():
        message = "No row of the recipients leads to an address."
        yield Problem("recipients", "empty_audience", message)


def has_audience(broadcast: Broadcast) -> bool:
    """Whether the recipients were chosen, whatever came of them since."""
    if broadcast.audience_kind == AudienceKind.FILE:
        return bool(broadcast.recipients)
    return bool(broadcast.audience)


def _source_problems(broadcast: Broadcast) -> Iterator[Problem]:
    source = sources.of(broadcast)
    if source is None:
        role = role_for(broadcast.channel.address_kind)
        if list(broadcast.mapping.values()).count(role) != 1:
            message = f"Choose the one column that holds the {role.label.lower()}."
            yield Problem("recipients", "no_address_column", message)
        return
    for message in source.problems():
        yield Problem("recipients", "audience_gone", f"{message} Choose again.")


def _list_problems(broadcast: Broadcast) -> Iterator[Problem]:
    if not broadcast.batch.lists.exists():
        message = "Select at least one opt-out list."
        yield Problem("lists", "lists_required", message)


def texts(broadcast: Broadcast) -> tuple[str, str, str]:
    """All the words of a broadcast that may hold variables."""
    return broadcast.subject, broadcast.text, broadcast.html


def variable_names(broadcast: Broadcast) -> list[str]:
    """The variables that the recipients fill."""
    return [n for n in content.variables(*texts(broadcast)) if n != LINK_VARIABLE]


def known_variables(broadcast: Broadcast) -> list[str]:
    """The variables that the recipients can fill: columns, or what contacts have."""
    source = sources.of(broadcast)
    return sorted(source.names()) if source else list(broadcast.columns)


def unknown_variables(broadcast: Broadcast) -> list[str]:
    """Variables that no recipient gives and that have no fallback at some place."""
    bare: dict[str, None] = {}
    for text in texts(broadcast):
        cut = content.compiled(text)
        bare |= {
            name: None
            for name, fallback in zip(cut.names, cut.fallbacks, strict=True)
            if not fallback
        }
    known = {LINK_VARIABLE, *known_variables(broadcast)}
    return [name for name in bare if name not in known]


def names_a_way_out(text: str) -> bool:
    """Whether a text tells how to opt out: by a word, a list's own too, or the link."""
    if LINK_VARIABLE in content.variables(text) or _WAY_OUT.search(text):
        return True
    said = f" {text.casefold()} "
    words = (keyword.text for row in live_lists() for keyword in row.keywords.all())
    return any(
        re.search(rf"\b{re.escape(word.casefold())}\b", said) is not None
        for word in words
    )
