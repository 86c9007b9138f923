"""What is sent to many, in the Django admin: to look at, as flows write all of it."""

from django.contrib import admin
from unfold.admin import TabularInline

from broadcaster.models import (
    Broadcast,
    Enrolment,
    EnrolmentJob,
    EnrolmentStep,
    ProgressPoint,
    Sequence,
    Step,
)
from optout.admin.base import ReadOnly


class _Rows(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows that belong to another, shown with it."""

    extra = 0
    can_delete = False

    def has_add_permission(self, *_: object) -> bool:
        """Return False."""
        return False


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnly):
    """The pages of the broadcaster change a broadcast."""

    list_display = ("name", "status_label", "channel", "row_count", "launched_at")
    list_filter = ("batch__state", "batch__channel", "audience_kind")
    list_select_related = ("batch__channel",)
    search_fields = ("name",)
    exclude = ("recipients", "lease_until", "attempt")
    ordering = ("-id",)


@admin.register(ProgressPoint)
class ProgressPointAdmin(ReadOnly):
    """What the chart of a report is drawn from."""

    list_display = ("broadcast", "at", "counts")
    list_select_related = ("broadcast",)
    search_fields = ("broadcast__name",)
    ordering = ("-id",)


class _Steps(_Rows):
    """The steps of a sequence, archived ones too."""

    model = Step
    fields = ("position", "name", "content", "wait", "at", "zone", "archived_at")
    readonly_fields = fields


@admin.register(Sequence)
class SequenceAdmin(ReadOnly):
    """The pages of sequences change one and let it run."""

    list_display = ("name", "state", "channel", "stop_on_reply", "created_at")
    list_filter = ("batch__state", "batch__channel", "stop_on_reply")
    list_select_related = ("batch__channel",)
    search_fields = ("name", "description")
    exclude = ("enrol_tag_after",)
    inlines = (_Steps,)
    ordering = ("-id",)


@admin.register(Step)
class StepAdmin(ReadOnly):
    """One message of a sequence, and when it follows."""

    list_display = ("__str__", "sequence", "position", "content", "wait", "archived_at")
    list_filter = (("archived_at", admin.EmptyFieldListFilter),)
    list_select_related = ("sequence", "content")
    search_fields = ("name", "sequence__name")
    exclude = ("retime_after",)
    ordering = ("-sequence", "position")


class _StepsPut(_Rows):
    """The steps that were put for somebody."""

    model = EnrolmentStep
    fields = ("step", "number", "created_at")
    readonly_fields = fields


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnly):
    """Who is on the way through which sequence, and how it ended."""

    list_display = (
        "address",
        "sequence",
        "state",
        "end_reason",
        "step",
        "next_at",
        "created_at",
    )
    list_filter = ("state", "end_reason", "source", "sequence")
    list_select_related = ("sequence", "step")
    search_fields = ("=address", "sequence__name")
    inlines = (_StepsPut,)
    ordering = ("-id",)


@admin.register(EnrolmentJob)
class EnrolmentJobAdmin(ReadOnly):
    """Contacts that were enrolled together."""

    list_display = (
        "sequence",
        "started_label",
        "enrolled",
        "already",
        "without_address",
        "created_at",
        "finished_at",
    )
    list_select_related = ("sequence",)
    search_fields = ("sequence__name",)
