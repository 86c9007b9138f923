"""When and how fast a broadcast is sent, its launch, and making another like it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from broadcaster import broadcasts, duplicates, pacing, preparing, previews, reports
from broadcaster.broadcasts import BroadcastError
from broadcaster.models import Broadcast, Stage
from broadcaster.sending_forms import LaunchForm, PaceForm
from broadcaster.views import guards
from broadcaster.views.guards import act, of_broadcast, of_draft
from broadcaster.views.wizard import show_step
from optout import hours
from optout.actors import actor_of
from optout.views import dialogs
from optout.views.dialogs import PageRequest, posted

PROGRESS = "progress"  # the id of what is polled while recipients are read


@of_draft
def review(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """What the launch would do; while it is being prepared, how far that is."""
    if request.htmx.target == PROGRESS and broadcast.stage == Stage.PREPARING:
        context = {"broadcast": broadcast}
        return render(request, "broadcaster/review.html#preparing", context)
    return _show_review(request, broadcast, None)


def _show_review(
    request: PageRequest, broadcast: Broadcast, form: LaunchForm | None
) -> HttpResponse:
    counts = reports.review(broadcast) if broadcast.stage == Stage.READY else None
    response = show_step(
        request,
        broadcast,
        "review",
        form=form or LaunchForm(broadcast),
        review=counts,
        lists=list(broadcast.batch.lists.all()),
        preview=guards.preview(request, broadcast, previews.saved(broadcast)),
        pace=pace_of(broadcast, counts.to_send if counts else None),
    )
    if request.htmx.target == PROGRESS:  # what is polled has ended: show the whole page
        response["HX-Refresh"] = "true"
    return response


def pace_of(broadcast: Broadcast, count: int | None) -> dict[str, Any]:
    """Pace and hours as a page tells them, and how long so many messages take."""
    batch = broadcast.batch
    return {
        "rate": pacing.rate_of(broadcast),
        "hours": hours.described(batch.hours) if batch.hours else "",
        "takes": pacing.takes(broadcast, count) if count else "",
    }


@act(guards.SEND)
def launch(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Send now or at a time; a second click changes nothing."""
    if not broadcast.is_editable:
        return redirect("broadcast-report", broadcast.pk)
    form = LaunchForm(broadcast, request.POST)
    if not form.is_valid():
        return _show_review(request, broadcast, form)
    data = form.cleaned_data
    broadcasts.schedule(broadcast, data["scheduled_at"], data["zone"])
    if _launched(request, broadcast, data["attempt"]):
        messages.success(request, _told(broadcast, shown=data["to_send"]))
        return redirect("broadcast-report", broadcast.pk)
    messages.info(request, "It will be sent as soon as the recipients are read.")
    return redirect("broadcast-review", broadcast.pk)


def _launched(request: PageRequest, broadcast: Broadcast, seen: int | None) -> bool:
    """Launch what was seen; a call that saw no counts has it prepared first."""
    actor = actor_of(request.user)
    if seen is None:
        return preparing.launch(broadcast, actor=actor)
    return broadcasts.launch(broadcast, actor=actor, seen=seen)


def _told(broadcast: Broadcast, *, shown: int | None) -> str:
    """What the launch did, and whether that is less or more than the page had shown."""
    count = broadcast.at_launch["to_send"]
    did = "Scheduled." if broadcast.waits_for_its_time else "Launched."
    sent = f"{count:,} message{'s go' if count != 1 else ' goes'} out."
    if shown is None or shown == count:
        return f"{did} {sent}"
    if shown < count:
        return f"{did} Some came off a list since you saw the counts: {sent}"
    fewer = shown - count
    return f"{did} Since you saw the counts {fewer:,} more opted out: {sent}"


@of_broadcast(guards.VIEW, guards.SEND)
def pace(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """How many a second and in which hours, before the launch and while it runs."""
    form = PaceForm(broadcast, posted(request))
    url = reverse(guards.page_of(broadcast), args=[broadcast.pk])
    if form.is_valid() and _set_pace(form, broadcast):
        messages.success(request, "The pace was changed.")
        return dialogs.go(request, url)
    waiting = reports.progress(broadcast).waiting
    context = {
        "form": form,
        "broadcast": broadcast,
        "url": url,
        "pace": pace_of(broadcast, waiting),
    }
    status = 422 if form.errors else 200
    return dialogs.show(request, "broadcaster/pace.html", context, status=status)


def _set_pace(form: PaceForm, broadcast: Broadcast) -> bool:
    rate = form.cleaned_data["rate"]
    try:
        broadcasts.set_pace(broadcast, rate=rate, hours=form.hours())
    except BroadcastError as error:
        form.add_error(error.field or None, error.message)
    return form.is_valid()


@act(guards.ADD, guards.CHANGE)
def duplicate(request: PageRequest, broadcast: Broadcast) -> HttpResponse:
    """Make another draft like it, and go there."""
    made = duplicates.duplicate(broadcast, actor=actor_of(request.user))
    told = f"This is a copy of “{broadcast}”. Nothing of it was sent."
    if broadcast.batch.skip_default_reason:
        told += " The default list is selected again."
    messages.success(request, told)
    return redirect("broadcast-name", made.pk)
