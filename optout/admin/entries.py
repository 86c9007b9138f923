"""Entries, holds, removals and the ledger in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import StackedInline

from optout import access, addresses, entries, lifts, reviews
from optout.action_forms import RowsField
from optout.actors import Evidence, actor_of
from optout.addresses import InvalidAddress
from optout.admin.base import ReadOnly, StoredByForm, StoredForm
from optout.bulk_removals import IS_GUARDED
from optout.entry_forms import EntryForm, ReasonFields
from optout.models import (
    BulkRemoval,
    Entry,
    Hold,
    HoldState,
    LedgerDetail,
    LedgerEvent,
    OptOutList,
    Reason,
    Source,
    Workspace,
    default_list,
    live_lists,
)

MOST_AT_ONCE = 100


class AddEntryForm(EntryForm):
    """Somebody to put on one or many lists; `store` opts them out."""

    field_order = ["lists"]
    lists = RowsField(OptOutList.objects.none(), label="Lists")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer every list, the default one ticked."""
        super().__init__(*args, **kwargs)
        self.user = kwargs["user"]
        self.fields["lists"].queryset = live_lists()  # type: ignore[attr-defined]
        self.fields["lists"].initial = [default_list().pk]

    def store(self) -> bool:
        """Opt out; an entry that is there already is success too."""
        cleaned = self.cleaned_data
        request = entries.Request(
            addresses=tuple(self.found),
            list_ids=tuple(row.pk for row in cleaned["lists"]),
            channel_id=cleaned["channel"],
            evidence=Evidence(note=cleaned["note"]),
        )
        self.outcome = entries.opt_out(
            request,
            source=Source.ADMIN,
            reason=Reason(cleaned["reason_code"]),
            actor=actor_of(self.user),
        )
        self.instance = self.outcome.entries[0]
        return True


class RemoveForm(ReasonFields):
    """Why the chosen entries are ended; required where somebody wanted one of them."""

    def __init__(self, *args: Any, chosen: QuerySet[Entry], **kwargs: Any) -> None:
        """Look whether there is an entry that somebody wanted."""
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = chosen.filter(IS_GUARDED).exists()


class EndedFilter(admin.SimpleListFilter):
    """Live entries or ended ones."""

    title = "state"
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The two of them."""
        return [("1", "Live"), ("0", "Ended")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Entry]
    ) -> QuerySet[Entry]:
        """Those of the chosen state."""
        if self.value() is None:
            return queryset
        return queryset.filter(ended_at__isnull=self.value() == "1")


@admin.register(Entry)
class EntryAdmin(StoredByForm):
    """Entries are added and removed through the one flow, and never edited."""

    list_display = (
        "shown_address",
        "list",
        "channel",
        "source",
        "reason_code",
        "created_at",
        "is_in_force",
    )
    list_filter = (EndedFilter, "source", "reason_code", "list", "channel")
    list_select_related = ("list", "channel")
    search_fields = ("key",)
    search_help_text = "A number or an email, in any spelling."
    actions = ("remove_from_list", "put_back")

    @admin.display(description="address")
    def shown_address(self, row: Entry) -> str:
        """The address as far as it is still readable."""
        return row.address or "erased"

    @admin.display(description="live", boolean=True)
    def is_in_force(self, row: Entry) -> bool:
        """Whether it withholds today."""
        return row.is_live

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: an entry ends, it is not edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: an entry is history."""
        return False

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end entries."""
        return request.user.has_perm("optout.lift_entry")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        """Entries of one address, found by its key however it is spelt."""
        if not search_term:
            return queryset, False
        try:
            region = Workspace.load().region
            found = addresses.parse(search_term, region=region)
        except InvalidAddress:
            return queryset.none(), False
        return queryset.filter(key=found.key), False

    def page_form(self, request: HttpRequest, obj: Any) -> StoredForm:
        """Who is put where; there is none to change an entry."""
        return AddEntryForm(request.POST or None, user=request.user)

    def stored(self, request: HttpRequest, form: Any, *, is_new: bool) -> HttpResponse:
        """Say also what is on its way still."""
        if form.outcome.in_flight:
            text = "A message to this address was already on its way."
            self.message_user(request, text, messages.WARNING)
        return super().stored(request, form, is_new=is_new)

    @admin.action(description="Remove from list", permissions=["lift"])
    def remove_from_list(
        self, request: HttpRequest, queryset: QuerySet[Entry]
    ) -> HttpResponse | None:
        """Ask for the reason where one is due, then end the chosen entries."""
        ids = list(queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(ids) > MOST_AT_ONCE:
            text = f"At most {MOST_AT_ONCE} at once here; the list's page removes more."
            self.message_user(request, text, messages.ERROR)
            return None
        is_decided = "decided" in request.POST
        form = RemoveForm(request.POST if is_decided else None, chosen=queryset)
        if is_decided and form.is_valid():
            self._lift(request, ids, form)
            return None
        kept = [(ACTION_CHECKBOX_NAME, pk) for pk in ids]
        return self.show_form(
            request,
            form,
            title=f"Remove {len(ids)} from list",
            button="Remove from list",
            kept=[("action", "remove_from_list"), ("decided", "1"), *kept],
        )

    def _lift(self, request: HttpRequest, ids: list[int], form: RemoveForm) -> None:
        done = lifts.lift(
            ids,
            source=Source.ADMIN,
            power=access.lifting_power(request.user),
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            actor=actor_of(request.user),
        )
        text = f"{len(done.lifted)} removed."
        if done.kept:
            text += f" {len(done.kept)} stayed: your role cannot remove them."
        level = messages.WARNING if done.kept else messages.SUCCESS
        self.message_user(request, text, level)

    @admin.action(description="Put back", permissions=["add"])
    def put_back(self, request: HttpRequest, queryset: QuerySet[Entry]) -> None:
        """Make ended entries live again, with their first date and source."""
        ids = list(queryset.values_list("pk", flat=True)[:MOST_AT_ONCE])
        back = lifts.put_back(ids, source=Source.ADMIN, actor=actor_of(request.user))
        self.message_user(request, f"{len(back)} put back.", messages.SUCCESS)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    """What waits for a decision, and the two ways to decide it."""

    actions = ("opt_out", "dismiss")

    list_display = ("address", "channel", "reason", "state", "created_at", "decided_by")
    list_filter = ("state", "channel")
    list_select_related = ("channel",)
    search_fields = ("=address",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the user may decide reviews."""
        return request.user.has_perm("optout.decide_reviews")

    @admin.action(description="Opt out", permissions=["decide"])
    def opt_out(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        """Put the chosen people on the default list."""
        waiting = queryset.filter(state=HoldState.WAITING)[:MOST_AT_ONCE]
        done = [reviews.opt_out(row, actor=actor_of(request.user)) for row in waiting]
        self.message_user(request, f"{len(done)} opted out.", messages.SUCCESS)

    @admin.action(description="Dismiss", permissions=["decide"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[Hold]) -> None:
        """Let marketing go on to the chosen people."""
        waiting = queryset.filter(state=HoldState.WAITING)[:MOST_AT_ONCE]
        done = [reviews.dismiss(row, actor=actor_of(request.user)) for row in waiting]
        self.message_user(request, f"{sum(done)} dismissed.", messages.SUCCESS)


@admin.register(BulkRemoval)
class BulkRemovalAdmin(ReadOnly):
    """Removals of many entries, and how far they are."""

    list_display = ("created_at", "list", "actor_label", "state", "done", "kept")
    list_filter = ("state", "list")
    list_select_related = ("list",)


class LedgerDetailInline(StackedInline):  # type: ignore[misc]  # unfold has no types
    """The part of a fact that can be erased."""

    model = LedgerDetail
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see the fact may see its detail."""
        return request.user.has_perm("optout.view_ledgerevent")


@admin.register(LedgerEvent)
class LedgerEventAdmin(ReadOnly):
    """The ledger, newest first."""

    list_display = ("at", "kind", "shown_address", "source", "reason_code", "actor")
    list_filter = ("kind", "source")
    list_select_related = ("detail",)
    ordering = ("-id",)
    inlines = (LedgerDetailInline,)

    @admin.display(description="address")
    def shown_address(self, row: LedgerEvent) -> str:
        """The address, unless it was erased or there is none."""
        detail = getattr(row, "detail", None)
        return detail.address if detail else ""
