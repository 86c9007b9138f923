"""Importing a CSV file: upload, columns, check, start, progress, undo."""

from collections.abc import Callable
from functools import wraps
from typing import Any, BinaryIO, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from optout import access, imports, row_ids
from optout.actors import actor_of
from optout.csv_files import BadFile
from optout.entry_imports import EntryImports
from optout.import_forms import ColumnsForm, UploadForm
from optout.import_kinds import KINDS, ImportRefused, Kind, kind_of
from optout.imports import Upload
from optout.models import ImportJob, ImportState, OptOutList, Workspace
from optout.views.dialogs import PageRequest, posted
from optout.views.lists import active_list

PAGE_SIZE = 25
SAMPLE_ROWS = 5
RECENT = 5
PROGRESS = "progress"  # the id of what is polled
ROWS = "rows"
_POWERS = EntryImports.permissions
_CHECKING = (ImportState.COUNTING, ImportState.READY)

OfJob = Callable[[PageRequest, ImportJob], HttpResponseBase]
Page = Callable[..., HttpResponseBase]


def of_job(page: OfJob) -> Page:
    """A page about one import, for those who may do its kind of import."""

    @login_required
    @permission_required("optout.bulk_entries", raise_exception=True)
    @wraps(page)
    def found(request: PageRequest, pk: int) -> HttpResponseBase:
        job = get_object_or_404(imports.shown(), pk=pk, kind__in=KINDS)
        if not request.user.has_perms(kind_of(job).permissions):
            raise PermissionDenied("Your role cannot do this kind of import.")
        return page(request, job)

    return found


def act(page: OfJob) -> Page:
    """A POST that moves an import on; a refusal is told on its page."""

    @require_POST
    @of_job
    @wraps(page)
    def acting(request: PageRequest, job: ImportJob) -> HttpResponseBase:
        try:
            return page(request, job)
        except ImportRefused as error:
            messages.error(request, error.message)
            return redirect("import", job.pk)

    return acting


# The file


@login_required
@permission_required(_POWERS, raise_exception=True)
def upload(request: PageRequest, pk: int) -> HttpResponse:
    """Upload a file of opt-outs for a list."""
    return take_upload(request, KINDS["entries"], active_list(pk))


def take_upload(
    request: PageRequest,
    kind: Kind,
    opt_out_list: OptOutList,
    *,
    target_id: int | None = None,
) -> HttpResponse:
    """The page where a file of this kind is uploaded; a good one leads to its columns.

    The caller has checked the kind's permissions. `target_id` is the row of a floor
    above that the rows go into.
    """
    form = UploadForm(posted(request), request.FILES or None)
    if form.is_valid():
        upload: UploadedFile[bytes] = form.cleaned_data["file"]
        given = Upload(cast(BinaryIO, upload.file), upload.name or "import.csv")
        try:
            job = imports.create(
                kind,
                given,
                opt_out_list=opt_out_list,
                target_id=target_id,
                actor=actor_of(request.user),
            )
            return redirect("import", job.pk)
        except BadFile as error:
            form.add_error("file", error.message)
    recent = imports.shown().filter(kind=kind.name, target_id=target_id)
    if "list" not in kind.asks:
        recent = recent.filter(list=opt_out_list)
    context = {
        "form": form,
        "kind": kind,
        "opt_out_list": opt_out_list,
        "recent": recent[:RECENT],
    }
    status = 422 if form.errors else 200
    return render(request, "optout/import_upload.html", context, status=status)


# One import


@require_safe
@of_job
def page(request: PageRequest, job: ImportJob) -> HttpResponse:
    """Where an import stands: its columns, what would come of it, what has."""
    if request.htmx.target == PROGRESS:
        return _progress(request, job)
    if job.state == ImportState.DRAFT:
        return _show_columns(request, job, ColumnsForm(job))
    template = "import_check" if job.state in _CHECKING else "import_result"
    phase = "planned" if job.state in _CHECKING else "done"
    context = {
        **_context(job),
        "figures": kind_of(job).figures(job, phase),
        "can_be_undone": imports.can_be_undone(job),
        "has_problems": job.problems.exists(),
    }
    return render(request, f"optout/{template}.html", context)


def _context(job: ImportJob) -> dict[str, Any]:
    kind = kind_of(job)
    done, total = imports.progress(job)
    result_name, result_url = kind.result_url(job)
    return {
        "job": job,
        "kind": kind,
        "done": done,
        "total": total,
        "upload_url": kind.upload_url(job),
        "result_name": result_name,
        "result_url": result_url,
    }


def _progress(request: PageRequest, job: ImportJob) -> HttpResponse:
    """What is polled; once it has ended the page is read anew."""
    response = render(request, "optout/import_progress.html", _context(job))
    if not job.is_moving:
        response["HX-Refresh"] = "true"
    return response


def _show_columns(
    request: PageRequest, job: ImportJob, form: ColumnsForm
) -> HttpResponse:
    rows = imports.sample(job, limit=SAMPLE_ROWS)
    context = {
        **_context(job),
        "form": form,
        "rows": [[access.seen_words(request, cell) for cell in row] for row in rows],
        "region": Workspace.load().region,
    }
    status = 422 if form.errors else 200
    return render(request, "optout/import_columns.html", context, status=status)


@act
def columns(request: PageRequest, job: ImportJob) -> HttpResponse:
    """Say what the columns mean, and have the rows counted."""
    form = ColumnsForm(job, request.POST)
    if form.is_valid():
        try:
            imports.count(job, form.mapping, form.chosen)
            return redirect("import", job.pk)
        except ImportRefused as error:
            if error.code == "started":
                raise
            form.add_error(None, error.message)
    return _show_columns(request, job, form)


@act
def reopen(request: PageRequest, job: ImportJob) -> HttpResponse:
    """Back to the columns."""
    imports.reopen(job)
    return redirect("import", job.pk)


@act
def start(request: PageRequest, job: ImportJob) -> HttpResponse:
    """Carry it out; a second click changes nothing."""
    imports.start(job, actor=actor_of(request.user))
    return redirect("import", job.pk)


@act
def discard(request: PageRequest, job: ImportJob) -> HttpResponse:
    """Forget a draft and its file."""
    imports.discard(job)
    messages.success(request, f"“{job.file_name}” is discarded.")
    return redirect(kind_of(job).upload_url(job))


@act
def undo(request: PageRequest, job: ImportJob) -> HttpResponse:
    """End the entries that it made."""
    if not imports.undo(job, actor=actor_of(request.user)):
        messages.warning(request, "There is nothing to undo.")
    return redirect("import", job.pk)


@require_safe
@of_job
def errors(request: PageRequest, job: ImportJob) -> StreamingHttpResponse:
    """The rows that were not taken, with what is wrong."""
    masked = access.masks_addresses(request.user)
    name = slugify(job.file_name.rpartition(".")[0]) or "import"
    return StreamingHttpResponse(
        imports.error_lines(job, masked=masked),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-errors.csv"'},
    )


# All of them


@require_safe
@login_required
@permission_required(_POWERS, raise_exception=True)
def index(request: PageRequest) -> HttpResponse:
    """Every import of the kinds this user may do; rows that move are polled."""
    found = imports.shown().filter(kind__in=imports.visible_kinds(request.user))
    opt_out_list = None
    if pk := row_ids.read(request.GET.get("list", "")):
        opt_out_list = OptOutList.objects.filter(pk=pk).first()
        found = found.filter(list=pk)
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": shown,
        "opt_out_list": opt_out_list,
        "is_moving": any(job.is_moving for job in shown),
    }
    is_part = request.htmx.target == ROWS
    template = (
        "optout/parts/import_table.html#rows" if is_part else "optout/imports.html"
    )
    return render(request, template, {**context, "jobs": shown})
