"""The settings that hold for the whole installation."""

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render

from optout.access import Role
from optout.models import Workspace
from optout.views.dialogs import PageRequest, posted

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Workspace]
else:
    _ModelForm = forms.ModelForm  # has no type argument when it runs


class WorkspaceForm(_ModelForm):
    """The company, how it reads numbers and people's words, who sees addresses."""

    masked_roles = forms.MultipleChoiceField(
        label="Roles that see addresses masked",
        required=False,
        choices=Role.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "Such as +34•••••222. They still look up an address they know, and read "
            "what people write. Exports, the sandbox and the admin are closed to them."
        ),
    )

    class Meta:
        model = Workspace
        fields = [
            "name",
            "default_region",
            "person_opts_out_everywhere",
            "forbid_agent_replies",
            "masked_roles",
        ]
        labels = {
            "name": "Company name",
            "person_opts_out_everywhere": (
                "What a person says counts for all channels"
            ),
            "forbid_agent_replies": (
                "Agents may not reply to who is on the default list"
            ),
        }
        help_texts = {
            "name": "People see it on the unsubscribe page and in test messages.",
        }


@login_required
@permission_required("optout.change_workspace", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """Show and change the settings of the workspace."""
    form = WorkspaceForm(posted(request), instance=Workspace.load())
    if form.is_valid():
        form.save()
        messages.success(request, "The settings were saved.")
        return redirect("settings")
    status = 422 if form.errors else 200
    return render(request, "optout/workspace.html", {"form": form}, status=status)
