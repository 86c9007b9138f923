"""What holds for inbound events: each is handled, or waits, or failed visibly."""

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from optout.invariants import invariant
from optout.invariants.registry import GRACE, long_ago
from teambox.models import EventState, InboundEvent

Events = QuerySet[InboundEvent]

# A join: the detail's column has no index, and is read once this way.
_WITHOUT_FACT = """
SELECT event.id
FROM teambox_inboundevent event
LEFT JOIN (
    SELECT detail.provider_message_id, fact.channel_id, fact.kind
    FROM optout_ledgerdetail detail
    JOIN optout_ledgerevent fact ON fact.id = detail.event_id
    WHERE fact.source = 'keyword'
) told
  ON told.provider_message_id = event.provider_event_id
 AND told.channel_id IN (0, event.channel_id)
 AND (event.outcome = 'opted_out' AND told.kind IN ('opted_out', 'repeated')
      OR event.outcome = 'review' AND told.kind = 'held')
WHERE event.outcome IN ('opted_out', 'review') AND told.kind IS NULL
"""


@invariant(InboundEvent)
def events_done_have_an_outcome() -> Events:
    """An event that is done says what it did; one that is not, only with an error."""
    is_done, says_nothing = Q(state=EventState.DONE), Q(outcome="")
    return InboundEvent.objects.filter(
        is_done & says_nothing
        | ~is_done & ~says_nothing & Q(error="")
        | ~Q(state__in=EventState.values)
    )


@invariant(InboundEvent)
def events_given_up_say_why() -> Events:
    """An event that failed says why: somebody has to look at it."""
    return InboundEvent.objects.filter(state=EventState.FAILED, error="")


@invariant(InboundEvent)
def stored_events_are_handled() -> Events:
    """No event waits long past its time, be it that its worker is gone."""
    in_hand = Q(lease_until__gte=Now() - GRACE)
    return InboundEvent.objects.filter(
        ~in_hand | Q(lease_until=None), state=EventState.STORED, **long_ago("next_at")
    )


@invariant(InboundEvent)
def keywords_stand_in_the_ledger() -> Events:
    """Each message that opted somebody out, or asked for a review, is in the ledger."""
    return InboundEvent.objects.filter(pk__in=RawSQL(_WITHOUT_FACT, []))  # noqa: S611
