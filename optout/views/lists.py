"""The overview of the opt-out lists, and making, editing and deleting one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from optout import exports, list_deletion, overview, webhooks
from optout.actors import actor_of
from optout.filters import page_query
from optout.forms import DeletionForm, ListForm
from optout.listing import filtered, shown_entries
from optout.models import ListState, OptOutList, replacement_of
from optout.views.dialogs import PageRequest, go, posted, show

_NEW_SECRET = "new_webhook_secret_of"  # noqa: S105  # a session key


@require_safe
@login_required
@permission_required("optout.view_optoutlist", raise_exception=True)
def overview_page(request: PageRequest) -> HttpResponse:
    """Every list with its counts, keyword, webhook health and sends."""
    return render(request, "optout/lists.html", {"rows": overview.rows()})


@login_required
@permission_required("optout.add_optoutlist", raise_exception=True)
def create(request: PageRequest) -> HttpResponse:
    """Create New Opt List; a list with a webhook then shows its secret once."""
    form = ListForm(posted(request))
    if not (form.is_valid() and form.store()):
        return _show_form(request, form, "Create New Opt List")
    made = form.instance
    messages.success(request, f"The list “{made.name}” was created.")
    if made.webhook_url:
        return _show_secret_next(request, made)
    return go(request, reverse("list", args=[made.pk]))


@login_required
@permission_required("optout.change_optoutlist", raise_exception=True)
def edit(request: PageRequest, pk: int) -> HttpResponse:
    """Change a list; a first webhook URL is followed by its secret."""
    opt_out_list = active_list(pk)
    had_webhook = bool(opt_out_list.webhook_url)
    title = f"Edit {opt_out_list.name}"
    form = ListForm(posted(request), instance=opt_out_list)
    if not (form.is_valid() and form.store()):
        return _show_form(request, form, title)
    messages.success(request, f"The list “{opt_out_list.name}” was saved.")
    if opt_out_list.webhook_url and not had_webhook:
        return _show_secret_next(request, opt_out_list)
    if request.htmx:
        return HttpResponseClientRefresh()
    return go(request, reverse("list", args=[pk]))


def _show_form(request: PageRequest, form: ListForm, title: str) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "title": title}
    return show(request, "optout/list_form.html", context, status=status)


def _show_secret_next(request: PageRequest, opt_out_list: OptOutList) -> HttpResponse:
    request.session[_NEW_SECRET] = opt_out_list.pk
    return go(request, reverse("list-secret", args=[opt_out_list.pk]))


@never_cache
@login_required
@permission_required("optout.change_optoutlist", raise_exception=True)
def secret(request: PageRequest, pk: int) -> HttpResponse:
    """The webhook's signing secret, once after it was made; POST makes a new one."""
    opt_out_list = active_list(pk)
    if request.method == "POST":
        webhooks.rotate_secret(opt_out_list)
        return _show_secret_next(request, opt_out_list)
    is_new = request.session.get(_NEW_SECRET) == pk
    if is_new:
        del request.session[_NEW_SECRET]
    context = {
        "opt_out_list": opt_out_list,
        "secret": opt_out_list.webhook_secrets["current"] if is_new else "",
    }
    return render(request, "optout/list_secret.html", context)


@login_required
@permission_required("optout.delete_optoutlist", raise_exception=True)
def delete(request: PageRequest, pk: int) -> HttpResponse:
    """Delete List: say what it touches, then move its entries or remove them."""
    opt_out_list = active_list(pk)
    if opt_out_list.is_default:
        raise PermissionDenied("The default list can be edited, but never deleted.")
    may_remove = request.user.has_perm("optout.delete_list_entries")
    form = DeletionForm(
        posted(request), opt_out_list=opt_out_list, may_remove=may_remove
    )
    if not form.is_valid():
        return _show_deletion(request, form, opt_out_list)
    target = form.target
    list_deletion.delete(
        opt_out_list,
        move_to=target,
        reason=form.cleaned_data.get("reason", ""),
        actor=actor_of(request.user),
    )
    where = f"are on “{target.name}” now" if target else "were removed"
    text = f"The list “{opt_out_list.name}” was deleted. Its entries {where}."
    messages.success(request, text)
    return go(request, reverse("lists"))


def _show_deletion(
    request: PageRequest, form: DeletionForm, opt_out_list: OptOutList
) -> HttpResponse:
    context = {
        "form": form,
        "opt_out_list": opt_out_list,
        "preview": list_deletion.preview(opt_out_list),
        "sends": overview.sends_of(opt_out_list),
        "other_uses": overview.other_uses_of(opt_out_list),
    }
    status = 422 if form.errors else 200
    return show(request, "optout/list_delete.html", context, status=status)


@require_safe
@login_required
@permission_required("optout.export_entries", raise_exception=True)
def export(request: PageRequest, pk: int) -> StreamingHttpResponse:
    """The entries that match the page's filters, as a CSV file."""
    opt_out_list = active_list(pk)
    entries = filtered(page_query(request.GET), shown_entries(opt_out_list))
    name = f"opt-out-list-{pk}-{timezone.localdate().isoformat()}.csv"
    return StreamingHttpResponse(
        exports.entry_lines(entries),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def active_list(pk: int) -> OptOutList:
    """The list, unless it is not there or was deleted: then Http404."""
    return get_object_or_404(OptOutList, pk=pk, state=ListState.ACTIVE)


def show_deleted(request: HttpRequest, opt_out_list: OptOutList) -> HttpResponse:
    """Say that the list was deleted, and where its entries went."""
    context = {
        "opt_out_list": opt_out_list,
        "target": replacement_of(opt_out_list),
    }
    return render(request, "optout/list_deleted.html", context, status=404)
