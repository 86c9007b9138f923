"""What agents do in a conversation: reply, note, accept, assign, solve, start one."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from optout import attribution, entries
from optout.actors import Actor, Evidence, actor_of
from optout.addresses import AddressKind
from optout.addresses import parse as parse_address
from optout.models import Reason, Source
from optout.views.dialogs import PageRequest, done, go, posted, show
from teambox import conversations
from teambox.conversation_forms import (
    AssignForm,
    ComposerForm,
    OptOutOfMessageForm,
    StartForm,
    refuse,
)
from teambox.conversations import ConversationError
from teambox.models import Conversation, Line, LineKind
from teambox.views.inbox import MAY_REPLY
from teambox.views.threads import found

CHANGED = json.dumps({"conversationChanged": True})


@require_POST
@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def write(request: PageRequest, pk: int) -> HttpResponse:
    """Send a reply or keep a note; the composer comes back empty, or with why not."""
    conversation = found(pk)
    form = ComposerForm(request.POST)
    if form.is_valid() and _written(form, conversation, actor_of(request.user)):
        if not request.htmx:
            return redirect("conversation", pk)
        conversation.refresh_from_db(fields=["version"])
        form = ComposerForm(initial={"version": conversation.version})
    context = {"conversation": conversation, "form": form}
    status = 422 if form.errors else 200
    if not request.htmx:
        return render(request, "teambox/write.html", context, status=status)
    response = render(request, "teambox/parts/composer.html", context, status=status)
    response["HX-Trigger-After-Swap"] = CHANGED
    return response


def _written(form: ComposerForm, conversation: Conversation, actor: Actor) -> bool:
    text, is_note = form.cleaned_data["text"], form.cleaned_data["is_note"]
    try:
        if is_note:
            conversations.note(conversation, text, actor=actor)
        else:
            version = form.cleaned_data["version"] or 0
            conversations.reply(conversation, text, actor=actor, form_id=version)
    except ConversationError as error:
        refuse(form, error)
    return form.is_valid()


@require_POST
@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def accept(request: PageRequest, pk: int) -> HttpResponse:
    """Take a conversation; where somebody was quicker, say who."""
    return _act(request, pk, conversations.accept)


@require_POST
@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def solve(request: PageRequest, pk: int) -> HttpResponse:
    """It is done."""
    return _act(request, pk, conversations.solve)


@require_POST
@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def reopen(request: PageRequest, pk: int) -> HttpResponse:
    """It is not done after all."""
    return _act(request, pk, conversations.reopen)


def _act(request: PageRequest, pk: int, act: Callable[..., bool]) -> HttpResponse:
    text, tone = "", "ok"
    try:
        act(found(pk), actor=actor_of(request.user))
    except ConversationError as error:
        text, tone = error.message, "warn"
    return _changed(request, pk, text, tone)


def _changed(
    request: PageRequest, pk: int, text: str = "", tone: str = "ok"
) -> HttpResponse:
    """The page reads list and thread again; the text is a toast."""
    if not request.htmx:
        if text:
            level = messages.SUCCESS if tone == "ok" else messages.WARNING
            messages.add_message(request, level, text)
        return redirect("conversation", pk)
    told: dict[str, Any] = {"conversationChanged": True, "closeDialog": True}
    if text:
        told["toast"] = {"text": text, "tone": tone}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})


@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def assign(request: PageRequest, pk: int) -> HttpResponse:
    """Give a conversation to an agent, or to nobody."""
    conversation = found(pk)
    form = AssignForm(
        posted(request),
        agents=conversations.agents(),
        initial={"assignee": conversation.assignee_id},
    )
    if not form.is_valid():
        context = {"form": form, "conversation": conversation}
        status = 422 if form.errors else 200
        return show(request, "teambox/assign.html", context, status=status)
    chosen = form.cleaned_data["assignee"]
    conversations.assign(conversation, chosen, actor=actor_of(request.user))
    return _changed(request, pk, f"Assigned to {chosen or 'nobody'}.")


@login_required
@permission_required(MAY_REPLY, raise_exception=True)
def start(request: PageRequest) -> HttpResponse:
    """Write to somebody first; the default list withholds that."""
    form = StartForm(posted(request))
    line = _started(request, form) if form.is_valid() else None
    if line is None:
        status = 422 if form.errors else 200
        return show(request, "teambox/start.html", {"form": form}, status=status)
    return go(request, reverse("conversation", args=[line.conversation_id]))


def _started(request: PageRequest, form: StartForm) -> Line | None:
    cleaned = form.cleaned_data
    try:
        return conversations.start(
            cleaned["channel"],
            cleaned["address"],
            cleaned["text"],
            actor=actor_of(request.user),
        )
    except ConversationError as error:
        refuse(form, error)
        return None


@login_required
@permission_required("optout.add_entry", raise_exception=True)
@permission_required("teambox.view_conversation", raise_exception=True)
def opt_out(request: PageRequest, pk: int, line_pk: int) -> HttpResponse:
    """Opt out from this message: it is the evidence, its time is when they asked."""
    conversation = found(pk)
    lines = Line.objects.select_related("event").filter(kind=LineKind.INBOUND)
    line = get_object_or_404(lines, pk=line_pk, conversation=conversation)
    form = OptOutOfMessageForm(posted(request), conversation=conversation)
    if not form.is_valid():
        context = {"form": form, "conversation": conversation, "line": line}
        status = 422 if form.errors else 200
        return show(request, "teambox/opt_out.html", context, status=status)
    return _opted_out(request, form, conversation, line)


def _opted_out(
    request: PageRequest,
    form: OptOutOfMessageForm,
    conversation: Conversation,
    line: Line,
) -> HttpResponse:
    lists, actor = form.cleaned_data["lists"], actor_of(request.user)
    kind = AddressKind(conversation.kind)
    asked = entries.Request(
        addresses=(parse_address(conversation.address, kind=kind),),
        list_ids=tuple(each.pk for each in lists),
        channel_id=form.cleaned_data["channel"],
        asked_at=line.at,
        evidence=Evidence(
            text=line.text,
            provider_message_id=line.event.provider_event_id if line.event else "",
            outgoing_id=attribution.answered_message(
                key=conversation.key, channel_id=conversation.channel_id, at=line.at
            ),
        ),
    )
    outcome = entries.opt_out(
        asked, source=Source.MESSAGE, reason=Reason.PERSON, actor=actor
    )
    names = ", ".join(each.name for each in lists)
    if not outcome.created:
        text, tone = f"Already on {names}.", "warn"
    else:
        text, tone = f"Added to {names}.", "ok"
        told = f"{actor.label} added them to {names} from a message"
        conversations.tell(conversation, told, actor=actor)
    url = reverse("conversation", args=[conversation.pk])
    return done(request, text, url=url, tone=tone)
