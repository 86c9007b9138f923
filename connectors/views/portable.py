"""Export and import of a connector, as a JSON file."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify

from broadcaster.views.guards import allowed
from connectors import inputs, portable
from connectors.models import NAME_CHARS, Connector
from connectors.portable import LoadError
from connectors.views.guards import ADD, VIEW, of_connector
from optout import strict_json
from optout.actors import actor_of
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, posted

EXPORT = "connectors.export_connector"


class ImportForm(forms.Form):
    """A document, as a file or pasted, and another name for it."""

    file = forms.FileField(label="File", required=False)
    document = forms.CharField(
        label="Or paste it",
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="Name",
        required=False,
        max_length=NAME_CHARS,
        help_text="Without one it keeps the name it has.",
    )

    def clean(self) -> dict[str, Any]:
        """The document as JSON."""
        cleaned = super().clean() or self.cleaned_data
        file = cleaned.get("file")
        if file and file.size > inputs.MAX_BYTES:
            raise ValidationError(f"A file has at most {inputs.MAX_BYTES:,} bytes.")
        raw = file.read() if file else (cleaned.get("document") or "").encode()
        if not raw.strip():
            raise ValidationError("Choose a file, or paste what it holds.")
        try:
            cleaned["json"] = strict_json.read(raw)
        except strict_json.NotJSON as error:
            raise ValidationError(str(error)) from None
        return cleaned


@of_connector(EXPORT)
def export(request: PageRequest, connector: Connector) -> HttpResponse:
    """The connector as a file, without its secrets."""
    name = slugify(connector.name) or "connector"
    return JsonResponse(
        portable.export(connector),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
    )


@allowed(VIEW, ADD)
def load(request: PageRequest) -> HttpResponse:
    """Make a connector of a file; everything that is wrong with it is told at once."""
    form = ImportForm(posted(request), request.FILES or None)
    if form.is_valid() and (made := _loaded(request, form)):
        messages.success(request, "The connector was imported. It is off for now.")
        return redirect("connector-edit", made.pk)
    status = 422 if form.errors else 200
    return render(request, "connectors/import.html", {"form": form}, status=status)


def _loaded(request: PageRequest, form: ImportForm) -> Connector | None:
    try:
        return portable.load(
            form.cleaned_data["json"],
            name=form.cleaned_data["name"],
            actor=actor_of(request.user),
            builder=request.user,
        )
    except LoadError as error:
        for problem in error.problems[: portable.MAX_PROBLEMS]:
            form.add_error(None, problem)
    except Refused as refused:
        field = refused.field if refused.field in form.fields else None
        form.add_error(field, refused.message)
    return None
