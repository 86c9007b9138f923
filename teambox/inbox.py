"""The inbox: which conversations a tab shows, what a row tells, how many there are."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import (
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextChoices,
)

from optout.filters import keys_of, part_of
from optout.models import ALL_CHANNELS, Hold, HoldState, live_entries
from optout.prepared import Prepared, moment
from teambox.models import ContactAddress, Conversation, ConversationState

COUNTED_TO = 1_000  # a higher number says no more to an agent, and costs more


class Tab(TextChoices):
    """Which conversations are shown."""

    MINE = "mine", "Mine"
    UNASSIGNED = "unassigned", "Unassigned"
    ALL = "all", "All"
    SOLVED = "solved", "Solved"


_IN_TAB: Mapping[Tab, Q] = {
    Tab.UNASSIGNED: Q(state=ConversationState.OPEN, assignee=None),
    Tab.ALL: Q(state=ConversationState.OPEN),
    Tab.SOLVED: Q(state=ConversationState.SOLVED),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What the list tells of a conversation.

    `contact_name` is None for a stranger. `entries_seen` is None where no list
    withholds on its channel, else a number that changes with these entries. `is_held`
    is under review.
    """

    pk: int
    version: int
    last_at: datetime
    unread: int
    address: str
    preview: str
    channel_name: str
    assignee_name: str | None
    contact_name: str | None
    entries_seen: int | None
    is_held: bool


_SOMEBODY = -1  # stands for the user while a statement is made


def rows(tab: Tab, user_id: int | None, limit: int, search: str = "") -> list[Row]:
    """A tab's conversations, latest first, at most so many.

    Pages poll it all day: what Django would do to put the query together and to make
    models of its rows takes longer than the database.
    """
    made = _statement(tab, limit) if not search else _make(tab, limit, search)
    values = [user_id if value == _SOMEBODY else value for value in made.params]
    return [
        Row(pk, version, moment(last_at), *rest)
        for pk, version, last_at, *rest in made.statement.fetch_all(values)
    ]


class _Made(NamedTuple):
    statement: Prepared
    params: tuple[Any, ...]


def _make(tab: Tab, limit: int, search: str) -> _Made:
    mine = Q(state=ConversationState.OPEN, assignee=_SOMEBODY)
    found = Conversation.objects.filter(_IN_TAB.get(tab, mine))
    if search:
        found = found.filter(_matches(search))
    told = with_marks(found).annotate(
        channel_name=F("channel__name"), assignee_name=F("assignee__username")
    )
    names = ["pk", *(field.name for field in fields(Row)[1:])]
    sql, params = told.values_list(*names)[:limit].query.sql_with_params()
    return _Made(Prepared(sql), params)


@lru_cache(maxsize=32)
def _statement(tab: Tab, limit: int) -> _Made:
    return _make(tab, limit, search="")


def with_marks(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """The conversations with `contact_name`, `entries_seen` and `is_held` of a Row."""
    contact = ContactAddress.objects.filter(key=OuterRef("key"))
    entries = live_entries().filter(
        Q(channel=ALL_CHANNELS) | Q(channel=OuterRef("channel")), key=OuterRef("key")
    )
    held = Hold.objects.filter(
        key=OuterRef("key"), channel=OuterRef("channel"), state=HoldState.WAITING
    )
    return conversations.annotate(
        contact_name=Subquery(contact.values("contact__name")[:1]),
        entries_seen=Subquery(
            entries.order_by().values("key").annotate(seen=Sum("id")).values("seen")
        ),
        is_held=Exists(held),
    )


def _matches(text: str) -> Q:
    """By a name of a contact, by an address in any spelling, or by a part of one."""
    named = ContactAddress.objects.filter(contact__name__icontains=text)
    return (
        Q(key__in=keys_of(text))
        | Q(key__in=named.values("key"))
        | Q(address__icontains=part_of(text))
    )


_COUNT = (
    "(SELECT count(*) FROM (SELECT 1 FROM teambox_conversation WHERE {} LIMIT {}) t)"
)
_COUNTS = Prepared(
    "SELECT "
    + ", ".join(
        _COUNT.format(condition, COUNTED_TO)
        for condition in (
            "state = 'open' AND assignee_id = %(user)s",
            "state = 'open' AND assignee_id IS NULL",
            "state = 'open'",
            "state = 'solved'",
        )
    )
)


def counts(user_id: int | None) -> dict[Tab, int]:
    """How many conversations each tab has, counted up to `COUNTED_TO`."""
    numbers = _COUNTS.fetch_one({"user": user_id})
    return dict(zip(Tab, numbers, strict=True))
