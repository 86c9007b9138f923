"""Canned replies: finding one while writing, and keeping them."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from optout.views.dialogs import PageRequest, done, posted, show
from teambox.conversation_forms import CannedReplyForm
from teambox.models import CannedReply

OFFERED = 8


@require_safe
@login_required
@permission_required("teambox.view_cannedreply", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """All of them; the table alone where the page asks for it."""
    part = "#rows" if request.htmx.target == "rows" else ""
    context = {"replies": CannedReply.objects.all()}
    return render(request, f"teambox/canned_replies.html{part}", context)


@require_safe
@login_required
@permission_required("teambox.view_cannedreply", raise_exception=True)
def find(request: PageRequest) -> HttpResponse:
    """The few whose shortcut begins like this, for the composer."""
    begun = request.GET.get("shortcut", "")[:30]
    rows = CannedReply.objects.filter(shortcut__istartswith=begun)[:OFFERED]
    return render(request, "teambox/parts/canned_offers.html", {"replies": rows})


@login_required
@permission_required("teambox.add_cannedreply", raise_exception=True)
def add(request: PageRequest) -> HttpResponse:
    """Keep a new one."""
    return _edit(request, CannedReply())


@login_required
@permission_required("teambox.change_cannedreply", raise_exception=True)
def edit(request: PageRequest, pk: int) -> HttpResponse:
    """Change one."""
    return _edit(request, get_object_or_404(CannedReply, pk=pk))


def _edit(request: PageRequest, reply: CannedReply) -> HttpResponse:
    form = CannedReplyForm(posted(request), instance=reply)
    if not form.is_valid():
        status = 422 if form.errors else 200
        context = {"form": form, "reply": reply}
        return show(request, "teambox/canned_reply.html", context, status=status)
    form.save()
    return done(request, f"{reply} was saved.", url=reverse("canned-replies"))


@require_POST
@login_required
@permission_required("teambox.delete_cannedreply", raise_exception=True)
def delete(request: PageRequest, pk: int) -> HttpResponse:
    """Forget one; a repeat is no error."""
    CannedReply.objects.filter(pk=pk).delete()
    return done(request, "The canned reply is gone.", url=reverse("canned-replies"))
