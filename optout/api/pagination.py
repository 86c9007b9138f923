"""Pages by cursor: `next`, `previous`, `results`, 50 rows a page, 500 at most."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from optout.api.problems import Problem


class Pages(CursorPagination):
    """Follows the order of the query set, whose first column is the cursor."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    page_size_query_description = "Rows a page, 1 to 500."
    cursor_query_description = "Where the page begins: take it from `next`."

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> tuple[str, ...]:
        """The columns the query set is ordered by already."""
        return tuple(str(column) for column in queryset.query.order_by)

    def get_page_size(self, request: Request) -> int:
        """The size asked for; raises a Problem for anything but 1 to 500."""
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        is_number = text.isascii() and text.isdigit() and len(text) <= 3
        size = int(text) if is_number else 0
        if not 1 <= size <= self.max_page_size:
            message = f"A page has 1 to {self.max_page_size} rows."
            raise Problem(400, "invalid_page_size", message, pointer="page_size")
        return size

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        """The rows of the page; raises a Problem for a cursor we did not make."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, ValidationError):
            raise Problem(
                400, "invalid_cursor", "This cursor is not valid.", pointer="cursor"
            ) from None
