"""Opt-out lists and their keywords in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from optout.admin.base import ReadOnly, StoredByForm
from optout.forms import ListForm
from optout.models import Keyword, ListState, OptOutList


@admin.register(OptOutList)
class OptOutListAdmin(StoredByForm):
    """Lists by the rules of their page; deleting one is asked there too."""

    list_display = ("name", "shown_keyword", "is_default", "state", "entry_count")
    list_filter = ("state",)
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OptOutList]:
        """Keywords at hand."""
        rows: QuerySet[OptOutList] = super().get_queryset(request)
        return rows.prefetch_related("keywords")

    @admin.display(description="opt-out keyword")
    def shown_keyword(self, row: OptOutList) -> str:
        """The list's own keyword."""
        return row.keyword

    def has_change_permission(
        self, request: HttpRequest, obj: OptOutList | None = None
    ) -> bool:
        """A deleted list stays as it was."""
        is_there = obj is None or obj.state == ListState.ACTIVE
        return is_there and bool(super().has_change_permission(request, obj))

    def has_delete_permission(
        self, request: HttpRequest, obj: OptOutList | None = None
    ) -> bool:
        """One at a time, and never the default list."""
        if obj is None or obj.is_default or obj.state != ListState.ACTIVE:
            return False
        return bool(super().has_delete_permission(request, obj))

    def page_form(self, request: HttpRequest, obj: Any) -> ListForm:
        """The form of the list page."""
        return ListForm(request.POST or None, instance=obj or OptOutList())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the page that asks what becomes of the entries."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if row.is_default:
            self.message_user(
                request,
                "The default list can be edited, but never deleted.",
                messages.ERROR,
            )
            return redirect("admin:optout_optoutlist_change", row.pk)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        return redirect("list-delete", row.pk)


@admin.register(Keyword)
class KeywordAdmin(ReadOnly):
    """The lists' words; they are changed with their list."""

    list_display = ("text", "role", "list")
    list_filter = ("role", "list")
    list_select_related = ("list",)
    search_fields = ("text",)
