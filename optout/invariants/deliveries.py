"""What holds for webhook deliveries: none is dropped, none is forgotten.

That each opt-out has its delivery cannot be asked of the rows: a list may get its URL
after the opt-out, and a delivery names no entry. The tests of the flows hold it.
"""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from optout.invariants.registry import invariant, long_ago
from optout.models import DeliveryState, WebhookDelivery

# A slow receiver may hold up its own list for hours, a forgotten delivery waits on.
OVERDUE = timedelta(days=1)

Deliveries = QuerySet[WebhookDelivery]


@invariant(WebhookDelivery)
def deliveries_are_in_a_known_state() -> Deliveries:
    """Every delivery is in one of the known states."""
    return WebhookDelivery.objects.exclude(state__in=DeliveryState.values)


@invariant(WebhookDelivery)
def delivering_means_leased() -> Deliveries:
    """A delivery has a lease as long as it is being tried, and at no other time."""
    is_tried, is_leased = Q(state=DeliveryState.DELIVERING), ~Q(lease_until=None)
    return WebhookDelivery.objects.filter(is_tried & ~is_leased | ~is_tried & is_leased)


@invariant(WebhookDelivery)
def lost_deliveries_are_tried_again() -> Deliveries:
    """No delivery is being tried long after its lease has ended."""
    return WebhookDelivery.objects.filter(
        state=DeliveryState.DELIVERING, **long_ago("lease_until")
    )


@invariant(WebhookDelivery)
def delivered_means_tried_and_taken() -> Deliveries:
    """What was delivered has the time of it and the try that the receiver took."""
    return WebhookDelivery.objects.filter(
        Q(delivered_at=None) | Q(tries=[]), state=DeliveryState.DELIVERED
    )


@invariant(WebhookDelivery)
def exhausted_means_tried() -> Deliveries:
    """No delivery was given up without a try."""
    return WebhookDelivery.objects.filter(
        Q(attempts=0) | Q(tries=[]), state=DeliveryState.EXHAUSTED
    )


@invariant(WebhookDelivery)
def open_deliveries_are_tried() -> Deliveries:
    """No delivery is a day past its time."""
    waits = (DeliveryState.PENDING, DeliveryState.RETRY)
    return WebhookDelivery.objects.filter(state__in=waits, next_at__lt=Now() - OVERDUE)


@invariant(WebhookDelivery)
def held_means_disabled() -> Deliveries:
    """Only what is for a disabled webhook is held for long."""
    return WebhookDelivery.objects.filter(
        state=DeliveryState.HELD,
        list__webhook_disabled_at=None,
        **long_ago("created_at"),
    )
