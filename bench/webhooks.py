"""What a webhook costs: claim, sign, POST and record, against urllib3's pool alone.

Both post the same bodies to the same receiver on loopback, a process of its own that
keeps connections open and answers at once. All deliveries are of one list, as of one
shop: lists are worked side by side, which would hide the cost.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import urllib3
from django.conf import settings
from django.db import connection

from bench import receiver
from bench.table import MICROSECONDS, Note, Row, Target
from bench.timing import Variant, interleave
from optout import webhook_delivery, webhooks
from optout.models import DeliveryState, OptOutList, WebhookDelivery

DELIVERIES = 500
LEAST_DELIVERIES = 100


def lines(scale: float) -> Iterator[Row | Note]:
    """One line: a delivery, everything included."""
    count = max(int(DELIVERIES * scale), LEAST_DELIVERIES)
    with _receiver() as url:
        shop = _Shop(url, count)
        seconds = interleave(
            {
                "ours": Variant(shop.deliver, prepare=shop.announce, tidy=shop.check),
                "bare": Variant(shop.post),
            }
        )
    yield Row(
        "a webhook: claimed, signed, posted, recorded",
        seconds["ours"] / count,
        seconds["bare"] / count,
        "urllib3's pool alone",
        Target(2.5),
        MICROSECONDS,
    )


class _Shop:
    """A list with a webhook URL and some opt-outs to tell of."""

    def __init__(self, url: str, count: int) -> None:
        self.opt_out_list, _ = OptOutList.objects.update_or_create(
            name="Bench webhooks",
            defaults={
                "message": "You left.",
                "webhook_url": url,
                "webhook_secrets": {"current": webhooks.new_secret()},
            },
        )
        self.url = url
        self.bodies = [
            webhooks.body_of(self.opt_out_list, f"+34{600_000_000 + n}", None, 801)
            for n in range(count)
        ]
        self.pool = urllib3.PoolManager()

    def announce(self) -> None:
        """New deliveries, all due; the ones before are vacuumed away."""
        WebhookDelivery.objects.all().delete()
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                list=self.opt_out_list,
                event="opted_out",
                webhook_id=f"msg_{number}",
                body=body,
            )
            for number, body in enumerate(self.bodies)
        )
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE optout_webhookdelivery")

    def deliver(self) -> None:
        while webhook_delivery.deliver_due():
            pass

    def check(self) -> None:
        """A turn counts only if everything was delivered."""
        done = WebhookDelivery.objects.filter(state=DeliveryState.DELIVERED).count()
        if done != len(self.bodies):
            raise RuntimeError(f"{done} of {len(self.bodies)} were delivered")

    def post(self) -> None:
        for body in self.bodies:
            headers = {"content-type": "application/json"}
            self.pool.request("POST", self.url, body=body.encode(), headers=headers)


@contextmanager
def _receiver() -> Iterator[str]:
    """Where the receiver listens; the settings let webhooks go there."""
    process = subprocess.Popen(
        [sys.executable, "-m", receiver.__name__], stdout=subprocess.PIPE, text=True
    )
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{port}"]
        yield f"http://127.0.0.1:{port}/opt-outs"
    finally:
        process.terminate()
        process.wait()
