"""The webhook delivery log, one delivery with its tries, and a list's webhook."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from optout import overview, webhook_queue, webhooks
from optout.filters import DeliveryFilter
from optout.models import (
    DeliveryEvent,
    DeliveryState,
    OptOutList,
    WebhookDelivery,
    live_lists,
)
from optout.views.dialogs import PageRequest
from optout.views.lists import active_list

PAGE_SIZE = 50
TABLE = "deliveries"  # the id of what htmx swaps when filters or states change
_MOVING = (DeliveryState.PENDING, DeliveryState.DELIVERING, DeliveryState.RETRY)

# What each header of a call is for; the values change from try to try.
HEADERS = (
    ("webhook-id", "The same at each try and each resend: take a second one as seen."),
    ("webhook-timestamp", "When this try was made, in seconds. Refuse an old one."),
    ("webhook-signature", "Standard Webhooks 1.0, one for each secret that is valid."),
    ("webhook-event", "What happened: opted_out, lifted or test."),
)


@require_safe
@login_required
@permission_required("optout.view_webhookdelivery", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """The log, newest first; the table alone where the page asks for that."""
    found = _filtered(request.GET)
    shown = Paginator(found.select_related("list"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "filter": DeliveryFilter(request.GET, queryset=WebhookDelivery.objects.none()),
        "page": shown,
        "is_moving": any(delivery.state in _MOVING for delivery in shown),
        "failed": found.filter(state=DeliveryState.EXHAUSTED).count(),
        "is_filtered": any(
            request.GET.get(name) for name in ("list", "state", "event")
        ),
        "query": request.GET.urlencode(),
    }
    if request.htmx.target == TABLE and not request.htmx.history_restore_request:
        return render(request, f"optout/deliveries.html#{TABLE}", context)
    return render(request, "optout/deliveries.html", context | _lists())


def _filtered(query: QueryDict) -> QuerySet[WebhookDelivery]:
    """Those that match the filters; none where a filter makes no sense."""
    matching = DeliveryFilter(query, queryset=WebhookDelivery.objects.all())
    if not matching.is_valid():
        return WebhookDelivery.objects.none()
    found: QuerySet[WebhookDelivery] = matching.qs
    return found


def _lists() -> dict[str, Any]:
    with_webhook = [row for row in live_lists() if row.webhook_url]
    disabled = [row for row in with_webhook if row.webhook_disabled_at]
    return {"lists": with_webhook, "disabled": disabled}


@require_safe
@login_required
@permission_required("optout.view_webhookdelivery", raise_exception=True)
def one(request: PageRequest, pk: int) -> HttpResponse:
    """One delivery: body, headers and every try with what was answered."""
    found = WebhookDelivery.objects.select_related("list")
    delivery = get_object_or_404(found, pk=pk)
    context = {
        "delivery": delivery,
        "tries": [_read_try(one_try) for one_try in reversed(delivery.tries)],
        "body": _pretty(delivery.body),
        "headers": HEADERS,
        "is_moving": delivery.state in _MOVING,
        "can_resend": delivery.state in webhook_queue.RESENDABLE,
    }
    part = "#tries" if request.htmx.target == "tries" else ""
    return render(request, f"optout/delivery.html{part}", context)


def _read_try(one_try: dict[str, Any]) -> dict[str, Any]:
    status = one_try.get("status")
    is_success = status is not None and 200 <= status < 300
    return one_try | {
        "at": parse_datetime(one_try.get("at", "")),
        "is_success": is_success,
    }


def _pretty(body: str) -> str:
    """The body with a key on each line: the same data, easier to read."""
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False)


@require_POST
@login_required
@permission_required("optout.resend_webhooks", raise_exception=True)
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Try one delivery again from the start, then show how it goes."""
    delivery = get_object_or_404(WebhookDelivery, pk=pk)
    if webhook_queue.resend(WebhookDelivery.objects.filter(pk=delivery.pk)):
        messages.success(request, "The delivery is tried again.")
    else:
        messages.warning(request, "It is waiting already, so nothing was changed.")
    return redirect("delivery", pk=delivery.pk)


@require_POST
@login_required
@permission_required("optout.resend_webhooks", raise_exception=True)
def resend_failed(request: HttpRequest) -> HttpResponse:
    """Try again all that failed for good among those the filters show."""
    failed = _filtered(request.GET).filter(state=DeliveryState.EXHAUSTED)
    queued = webhook_queue.resend(failed.order_by())
    noun = "delivery is" if queued == 1 else "deliveries are"
    messages.success(request, f"{queued:,} failed {noun} tried again.")
    kept = request.GET.copy()
    kept.pop("state", None)
    return redirect(f"{reverse('deliveries')}?{kept.urlencode()}")


# The webhook of one list


@require_safe
@login_required
@permission_required("optout.view_webhookdelivery", raise_exception=True)
def of_list(request: HttpRequest, pk: int) -> HttpResponse:
    """A list's webhook: where it posts to, how it does, its latest deliveries."""
    opt_out_list = active_list(pk)
    context = {
        "opt_out_list": opt_out_list,
        "health": overview.health_of(opt_out_list),
        "held": opt_out_list.deliveries.filter(state=DeliveryState.HELD).count(),
        "latest": opt_out_list.deliveries.select_related("list")[:5],
        "events": _events_of(opt_out_list),
        "has_old_secret": _has_old_secret(opt_out_list),
    }
    return render(request, "optout/list_webhook.html", context)


def _events_of(opt_out_list: OptOutList) -> list[DeliveryEvent]:
    lifted = [DeliveryEvent.LIFTED] if opt_out_list.webhook_on_lift else []
    return [DeliveryEvent.OPTED_OUT, *lifted]


def _has_old_secret(opt_out_list: OptOutList) -> bool:
    return len(webhooks.signing_secrets(opt_out_list, timezone.now())) > 1


@require_POST
@login_required
@permission_required("optout.resend_webhooks", raise_exception=True)
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Post made-up data to the list's URL, then show how it goes."""
    opt_out_list = active_list(pk)
    if not opt_out_list.webhook_url:
        messages.warning(request, "The list has no webhook URL to post to.")
        return redirect("list-webhook", pk=pk)
    return redirect("delivery", pk=webhooks.announce_test(opt_out_list).pk)


@require_POST
@login_required
@permission_required("optout.resend_webhooks", raise_exception=True)
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Post to the list's URL again, what was held first."""
    opt_out_list = active_list(pk)
    webhook_queue.enable(opt_out_list)
    messages.success(request, "The webhook is enabled. What was held is posted now.")
    return redirect("list-webhook", pk=pk)
