"""The inbox: which conversations a tab shows, what a row tells, how many there are."""

from collections.abc import Mapping

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum, TextChoices

from optout.filters import keys_of, part_of
from optout.models import ALL_CHANNELS, Hold, HoldState, live_entries
from optout.prepared import Prepared
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


def rows(tab: Tab, user_id: int | None, search: str = "") -> QuerySet[Conversation]:
    """A tab's conversations, latest first, each with what its row tells.

    `contact_name` (None for a stranger), `entries_seen` (None where no list withholds
    on its channel, else a number that changes with these entries) and `is_held` (under
    review) come with the row.
    """
    mine = Q(state=ConversationState.OPEN, assignee=user_id)
    found = Conversation.objects.filter(_IN_TAB.get(tab, mine)).select_related(
        "channel", "assignee"
    )
    if search:
        found = found.filter(_matches(search))
    return with_marks(found)


def with_marks(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """The conversations with what a row tells of each beyond its columns."""
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
