"""Building smart replies: categories, questions and their actions, and their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet

from optout import action_table, content
from optout.models import Channel
from optout.refusals import Refused
from teambox import contacts
from teambox.models import (
    ANSWER_CHARS,
    NAME_CHARS,
    PHRASE_CHARS,
    ContactAttribute,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplySettings,
)
from teambox.smart_replies import MAX_ACTIONS
from teambox.smart_reply_matching import spoken

MAX_PHRASES = 50  # phrasings of a question, intents of a category


class SmartReplyError(Refused):
    """A change of smart replies that is refused."""


# Categories


def save_category(
    row: SmartReplyCategory, *, name: str, intents: Sequence[str], is_active: bool
) -> SmartReplyCategory:
    """Write a category, a new one as the last.

    Raises SmartReplyError `name_required`, `name_too_long`, `name_taken`, and of its
    intents as `save` does of phrasings.
    """
    row.name = " ".join(name.split())
    if not row.name:
        raise SmartReplyError("name_required", "Give it a name.", "name")
    if len(row.name) > NAME_CHARS:
        message = f"A name has at most {NAME_CHARS} characters."
        raise SmartReplyError("name_too_long", message, "name")
    row.intents, row.is_active = _phrases(intents, "intents"), is_active
    if row._state.adding:
        row.position = _end_of(SmartReplyCategory.objects.all())
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        message = "There is a category of this name."
        raise SmartReplyError("name_taken", message, "name") from None
    return row


def category_named(name: str) -> SmartReplyCategory:
    """The category of this name, made where there is none; raises as `save_category`"""
    words = " ".join(name.split())
    found = SmartReplyCategory.objects.filter(name__iexact=words).first()
    new = SmartReplyCategory()
    return found or save_category(new, name=words, intents=(), is_active=True)


def delete_category(row: SmartReplyCategory) -> None:
    """Delete a category with its questions; what they did stays in the threads."""
    with transaction.atomic():
        row.replies.all().delete()
        row.delete()


# Questions


@dataclass(frozen=True, slots=True)
class Words:
    """What a question is made of, as somebody typed it."""

    phrasings: Sequence[str]
    answer: str = ""
    is_active: bool = True


def save(row: SmartReply, category: SmartReplyCategory, words: Words) -> SmartReply:
    """Write a question; a new one, or one that changes its category, as the last.

    Raises SmartReplyError with its field: `phrasing_required`, `phrasing_too_long`,
    `phrasing_empty` (nothing to compare), `phrasing_repeated`, `too_many_phrasings`;
    `answer_too_long`, `unknown_variable`.
    """
    row.phrasings = _phrases(words.phrasings, "phrasings")
    if not row.phrasings:
        message = "Give at least one phrasing."
        raise SmartReplyError("phrasing_required", message, "phrasings")
    row.answer = _answer(words.answer, "answer")
    row.is_active = words.is_active
    if row._state.adding or row.category_id != category.pk:
        row.category, row.position = category, _end_of(category.replies.all())
    row.save()
    return row


def delete(row: SmartReply) -> None:
    """Delete a question with its actions; what it did stays in the threads."""
    row.delete()


def _phrases(texts: Sequence[str], field: str) -> list[str]:
    """Phrasings or intents, trimmed; each compared by its bare words."""
    what = field.removesuffix("s")
    given = [" ".join(text.split()) for text in texts]
    found = [text for text in given if text]
    if len(found) > MAX_PHRASES:
        raise SmartReplyError(f"too_many_{field}", f"At most {MAX_PHRASES}.", field)
    seen: set[str] = set()
    for text in found:
        _check_phrase(text, what, seen)
        seen.add(spoken(text))
    return found


def _check_phrase(text: str, what: str, seen: set[str]) -> None:
    field = f"{what}s"
    if len(text) > PHRASE_CHARS:
        message = f"Each has at most {PHRASE_CHARS} characters."
        raise SmartReplyError(f"{what}_too_long", message, field)
    if not spoken(text):
        message = f"“{text}” has no letter or number to compare."
        raise SmartReplyError(f"{what}_empty", message, field)
    if spoken(text) in seen:
        raise SmartReplyError(f"{what}_repeated", f"“{text}” stands here twice.", field)


def _answer(text: str, field: str) -> str:
    """An answer whose variables are known, so that nobody reads an empty place."""
    text = text.replace("\x00", "").strip()
    if len(text) > ANSWER_CHARS:
        message = f"At most {ANSWER_CHARS:,} characters."
        raise SmartReplyError("answer_too_long", message, field)
    known = variables()
    for name in content.variables(text):
        if name not in known:
            raise SmartReplyError(
                "unknown_variable",
                f"No contact has “{name}”. Known: {', '.join(known)}.",
                field,
            )
    return text


def variables() -> list[str]:
    """The names that an answer may hold in two braces."""
    names = ContactAttribute.objects.values_list("name", flat=True)
    return [contacts.NAME_VARIABLE, *(name.lower() for name in names)]


# Settings


def save_settings(
    row: SmartReplySettings,
    *,
    is_on: bool,
    default_reply: str,
    off_channels: Sequence[Channel],
) -> None:
    """Write what holds for all. Raises as `save` does of answers."""
    row.is_on = is_on
    row.default_reply = _answer(default_reply, "default_reply")
    with transaction.atomic():
        row.save()
        row.off_channels.set(off_channels)


# Actions


def add_action(
    reply: SmartReply, name: str, settings: Mapping[str, Any]
) -> SmartReplyAction:
    """One more action, the last. Raises SettingsError, and `too_many_actions`."""
    kept = action_table.checked(name, settings)
    if reply.actions.count() >= MAX_ACTIONS:
        message = f"A question has at most {MAX_ACTIONS} actions."
        raise SmartReplyError("too_many_actions", message, "actions")
    position = _end_of(reply.actions.all())
    return reply.actions.create(name=name, settings=kept, position=position)


def change_action(row: SmartReplyAction, settings: Mapping[str, Any]) -> None:
    """Other settings of an action. Raises SettingsError."""
    row.settings = action_table.checked(row.name, settings)
    row.save(update_fields=["settings"])


def replace_actions(
    reply: SmartReply, wanted: Sequence[tuple[str, Mapping[str, Any]]]
) -> None:
    """These actions in this order, and no others. Raises as `add_action`."""
    with transaction.atomic():
        reply.actions.all().delete()
        for name, settings in wanted:
            add_action(reply, name, settings)


# Order


def move(row: Model, siblings: QuerySet[Any], *, by: int) -> None:
    """Put a row so many places further down (negative: up), within its siblings.

    One that is gone moves nowhere.
    """
    with transaction.atomic():
        rows = list(siblings.select_for_update())
        if row not in rows:
            return
        at = rows.index(row)
        rows.insert(min(max(at + by, 0), len(rows) - 1), rows.pop(at))
        for position, one in enumerate(rows):
            one.position = position
        siblings.model._default_manager.bulk_update(rows, ["position"])


def _end_of(siblings: QuerySet[Any]) -> int:
    last = siblings.order_by("position").values_list("position", flat=True).last()
    return 0 if last is None else last + 1
