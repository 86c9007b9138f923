"""Enrolling many contacts: whom, how many, and by a job."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from broadcaster import contact_audiences, enrolment_jobs
from broadcaster.audience_forms import ContactAudienceForm
from broadcaster.models import Sequence
from broadcaster.views import sequence_guards as guards
from broadcaster.views.sequence_guards import of_sequence
from optout.actors import actor_of
from optout.addresses import AddressKind
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, posted

_COUNT = "audience-count"  # the id of what is counted while one chooses
_PAGE = "broadcaster/sequence_contacts.html"


@of_sequence(guards.SEND, "teambox.view_contact")
def page(request: PageRequest, sequence: Sequence) -> HttpResponse:
    """Choose contacts and enrol them; `count` says how many that would be."""
    form = ContactAudienceForm(posted(request))
    is_count = "count" in request.POST or request.htmx.target == _COUNT
    is_chosen = form.is_bound and form.is_valid()
    if is_chosen and not is_count and _started(request, sequence, form):
        messages.success(request, "The contacts are being enrolled.")
        return redirect("sequence-people", sequence.pk)
    kind = AddressKind(sequence.channel.address_kind)
    size = contact_audiences.size(form.audience, kind) if is_chosen else None
    context = {"form": form, "sequence": sequence, "size": size}
    if request.htmx.target == _COUNT:
        return render(request, f"{_PAGE}#count", context)
    return render(request, _PAGE, context, status=422 if form.errors else 200)


def _started(
    request: PageRequest, sequence: Sequence, form: ContactAudienceForm
) -> bool:
    try:
        enrolment_jobs.start(sequence, form.audience, actor=actor_of(request.user))
    except Refused as refused:
        form.add_error(None, refused.message)
        return False
    return True
