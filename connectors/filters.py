"""What runs are filtered by: on the page and in the API alike."""

from django.db.models import Q, QuerySet
from django.forms import DateInput
from django_filters import CharFilter, ChoiceFilter, DateFilter, FilterSet

from connectors.models import Origin, Run, RunState

MAX_TEXT = 200
_DAY = DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RunFilter(FilterSet):  # type: ignore[misc]  # django-filter has no type hints
    """A connector's runs, newest first."""

    state = ChoiceFilter(
        choices=RunState.choices, label="State", empty_label="Any state"
    )
    origin = ChoiceFilter(
        choices=Origin.choices, label="Origin", empty_label="Any origin"
    )
    after = DateFilter(
        field_name="received_at",
        lookup_expr="date__gte",
        label="From",
        widget=_DAY,
        help_text="The first day, as YYYY-MM-DD.",
    )
    before = DateFilter(
        field_name="received_at",
        lookup_expr="date__lte",
        label="Until",
        widget=_DAY,
        help_text="The last day, as YYYY-MM-DD.",
    )
    search = CharFilter(
        method="with_text",
        max_length=MAX_TEXT,
        label="Text",
        help_text="A part of the input, or of what went wrong.",
    )

    class Meta:
        model = Run
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Filter, then order: an order of the caller's does not count."""
        found: QuerySet[Run] = super().filter_queryset(queryset)
        return found.order_by("-id")

    def with_text(
        self, queryset: QuerySet[Run], name: str, value: str
    ) -> QuerySet[Run]:
        """In the input as it was written down, or in the error."""
        text = value.replace("\x00", "")
        return queryset.filter(Q(input__icontains=text) | Q(error__icontains=text))
