"""Importing contacts: the upload; what follows are the pages of every import."""

from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse

from optout.import_kinds import KINDS
from optout.models import default_list
from optout.views.dialogs import PageRequest
from optout.views.imports import take_upload
from teambox.contact_imports import ContactImports


@login_required
@permission_required(ContactImports.permissions, raise_exception=True)
def upload(request: PageRequest) -> HttpResponse:
    """Upload a file of contacts."""
    return take_upload(request, KINDS[ContactImports.name], default_list())
