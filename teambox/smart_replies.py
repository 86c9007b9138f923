"""Smart replies: what a person's message is answered with, and what is done for it.

Not marketing: an answer goes out whatever lists the person is on. What is to be done
about a message is written down before the first thing is done, and each result as it
comes. A process that stops in between leaves a run that the next try of the message
goes on with: results that stand are not done again, the action that had begun is done
again where that has no second effect, and an answer is known by the message's number.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone

from optout import action_table, content, keyword_text
from optout.action_table import ACTIONS, Result, Situation
from optout.actors import Actor
from optout.models import Channel, Source
from optout.prepared import Prepared
from teambox import contacts, conversations, smart_reply_guard, smart_reply_matching
from teambox.keyword_requests import Handled, sender_address
from teambox.models import (
    Conversation,
    InboundEvent,
    Silence,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
)
from teambox.smart_reply_matching import Hit, How, Question, Topic

MAX_ACTIONS = 20
_NUMBERS = MAX_ACTIONS + 1  # of messages that one event may set off, its answer first
_BEGUN = "begun"


# Finding


@dataclass(frozen=True, slots=True)
class Found:
    """What answers a message: a question, or the default reply without one."""

    answer: str
    reply: SmartReply | None = None
    hit: Hit | None = None

    @property
    def phrasing(self) -> str:
        return self.hit.phrasing if self.hit else ""

    @property
    def is_same(self) -> bool:
        """Whether the message says a phrasing itself, not only its words."""
        return self.hit is not None and self.hit.how == How.SAME


def find(channel: Channel, text: str) -> Found | None:
    """What would answer this message on this channel; None where nothing does.

    The default reply answers words alone: no picture, no emoji.
    """
    default_reply = _default_reply(channel)
    if default_reply is None:
        return None
    hit = smart_reply_matching.find(text, _topics())
    if hit is not None:
        reply = SmartReply.objects.prefetch_related("actions").get(pk=hit.question)
        return Found(reply.answer, reply, hit)
    if default_reply and keyword_text.spoken(text):
        return Found(default_reply)
    return None


_HERE = Prepared("""
SELECT s.default_reply, s.is_on AND NOT EXISTS (
    SELECT 1 FROM teambox_smartreplysettings_off_channels off
    WHERE off.smartreplysettings_id = s.id AND off.channel_id = %(channel)s)
FROM teambox_smartreplysettings s WHERE s.id = 1
""")


def _default_reply(channel: Channel) -> str | None:
    """The default reply, empty if there is none; None where smart replies are off."""
    for text, is_on in _HERE.fetch_all({"channel": channel.pk}):
        return text if is_on else None
    return SmartReplySettings.load().default_reply


def _topics() -> list[Topic]:
    active = SmartReply.objects.filter(is_active=True)
    rows = SmartReplyCategory.objects.filter(is_active=True)
    return [
        Topic(
            row.pk,
            tuple(row.intents),
            tuple(Question(one.pk, tuple(one.phrasings)) for one in row.replies.all()),
        )
        for row in rows.prefetch_related(Prefetch("replies", active))
    ]


# Answering


def respond(event: InboundEvent, handled: Handled, conversation: Conversation) -> None:
    """Do what the message's smart reply says, once; a repeat goes on where it stopped.

    Where a keyword decided, an agent has the conversation or enough was answered, no
    answer goes out; actions of the question still run, of which only adding to a list
    while an agent has it. A failed action is kept as `failed` and stops nothing else.
    """
    run = _run_of(event, handled, conversation)
    if run is None or run.finished_at:
        return
    for number, step in enumerate(run.results):
        if step["outcome"] in ("", _BEGUN):
            _do(run, number)
    _answer(run)
    _finish(run)


def _run_of(
    event: InboundEvent, handled: Handled, conversation: Conversation
) -> SmartReplyRun | None:
    """The event's run: that of an earlier try, or a new one if there is one to do."""
    if _KNOWN.fetch_all({"event": event.pk}):
        return SmartReplyRun.objects.get(event=event)
    found = find(event.channel, event.text)
    if found is None:
        return None
    why = smart_reply_guard.silence(event, handled, conversation)
    if found.reply is None and why not in (None, Silence.LIMIT):
        return None
    return SmartReplyRun.objects.create(
        event=event,
        conversation=conversation,
        reply=found.reply,
        phrasing=found.phrasing,
        answer="" if why else found.answer,
        silence=why or "",
        results=_steps(found.reply, why),
    )


_KNOWN = Prepared("SELECT id FROM teambox_smartreplyrun WHERE event_id = %(event)s")


def _steps(reply: SmartReply | None, why: Silence | None) -> list[dict[str, Any]]:
    """The actions that are to be done, and those that are skipped at once."""
    if reply is None or why in smart_reply_guard.NO_PERSON:
        return []
    return [
        {
            "action": row.name,
            "settings": row.settings,
            "outcome": "skipped" if _is_off(row.name, why) else "",
            "detail": why.label if why and _is_off(row.name, why) else "",
        }
        for row in reply.actions.all()
    ]


def _is_off(name: str, why: Silence | None) -> bool:
    """Whether an action is not done for this reason; one that is gone fails later."""
    if why is None or name not in ACTIONS:
        return False
    if why == Silence.HELD:
        return not ACTIONS[name].runs_while_held
    return ACTIONS[name].is_answer


def _do(run: SmartReplyRun, number: int) -> None:
    step = run.results[number]
    had_begun = step["outcome"] == _BEGUN
    _keep(run, number, Result(_BEGUN))
    done = action_table.perform(
        step["action"], _situation(run, number), step["settings"], had_begun=had_begun
    )
    _keep(run, number, done)


def _keep(run: SmartReplyRun, number: int, result: Result) -> None:
    run.results[number] |= {"outcome": result.outcome, "detail": result.detail}
    run.save(update_fields=["results"])


def _situation(run: SmartReplyRun, number: int) -> Situation:
    event = run.event
    return Situation(
        addresses=(sender_address(event.channel, event.sender),),
        channel_id=event.channel_id,
        source=Source.SMART_REPLY,
        actor=Actor(label=f"smart reply “{run}”"[:150]),
        text=event.text,
        asked_at=event.asked_at,
        message_id=event.provider_event_id,
        once=event.pk * _NUMBERS + number + 1,
    )


def _answer(run: SmartReplyRun) -> None:
    if not run.answer:
        return
    contact = contacts.of_address(run.conversation.key)
    line = conversations.answer(
        run.conversation,
        run.answer,
        contacts.values(contact),
        once=run.event_id * _NUMBERS,
    )
    run.message = line.message
    run.save(update_fields=["message"])


def _finish(run: SmartReplyRun) -> None:
    """Tell the thread what was done, once."""
    with transaction.atomic():
        for told in _told(run):
            conversations.tell(run.conversation, told)
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])


def _told(run: SmartReplyRun) -> list[str]:
    done = [_in_words(step) for step in run.results]
    told = [f"Smart reply “{run}” · " + " · ".join(done)] if done else []
    if run.silence == Silence.LIMIT and not smart_reply_guard.was_told_of_limit(run):
        told.append(
            f"Smart replies are silent: {smart_reply_guard.MAX_ANSWERS} went out "
            "in 10 minutes"
        )
    return told


def _in_words(step: Mapping[str, Any]) -> str:
    action = ACTIONS.get(step["action"])
    label = action.label if action else step["action"]
    return f"{label}: {Result(step['outcome'], step['detail'])}"


# In words


@dataclass(frozen=True, slots=True)
class Told:
    """An action of a question as people read it."""

    action: SmartReplyAction
    icon: str
    label: str
    words: str


def told_actions(rows: Iterable[SmartReplyAction]) -> dict[int, list[Told]]:
    """The actions of some questions in words, by question, each kind read at once."""
    by_kind: dict[str, list[SmartReplyAction]] = defaultdict(list)
    for row in rows:
        by_kind[row.name].append(row)
    told = [one for name, some in by_kind.items() for one in _told_kind(name, some)]
    by_reply: dict[int, list[Told]] = defaultdict(list)
    for one in sorted(told, key=lambda one: (one.action.position, one.action.pk)):
        by_reply[one.action.reply_id].append(one)
    return by_reply


def _told_kind(name: str, rows: Sequence[SmartReplyAction]) -> list[Told]:
    kind = ACTIONS.get(name)
    if kind is None:
        return [Told(row, "circle-alert", name, "is there no more") for row in rows]
    words = kind.form.told([row.settings for row in rows])
    pairs = zip(rows, words, strict=True)
    return [Told(row, kind.icon, kind.label, text) for row, text in pairs]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a message would be answered with, and what its actions would do."""

    found: Found
    answer: str
    actions: Sequence[Told]


def try_out(channel: Channel, text: str) -> Trial | None:
    """What `respond` would do for a stranger; nothing is changed."""
    found = find(channel, text)
    if found is None:
        return None
    told = told_actions(found.reply.actions.all()) if found.reply else {}
    actions = told.get(found.reply.pk, []) if found.reply else []
    return Trial(found, content.compiled(found.answer).render({}), actions)
