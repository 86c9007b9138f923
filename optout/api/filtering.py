"""Query parameters of collections: django-filter's, and none that nobody knows."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.request import Request

from optout.api.fields import refuse_unknown
from optout.api.pagination import Pages

PAGING = {Pages.page_size_query_param, Pages.cursor_query_param}


class KnownParameters(DjangoFilterBackend):  # type: ignore[misc]  # it has no type hints
    """A misspelt filter would answer with everything: it is refused instead."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> QuerySet[Any]:
        """Filter; raises a ValidationError that names the parameter."""
        filters = getattr(view, "filterset_class", None)
        known = set(filters.base_filters) if filters else set()
        refuse_unknown(request.query_params, known | PAGING)
        found: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return found
