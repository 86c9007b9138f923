"""Mails to the Admins of the installation about what needs them."""

import logging

from django.contrib.auth import get_user_model
from django.core.mail import send_mail

from optout.models import WebhookDelivery

logger = logging.getLogger(__name__)


def webhook_failed(delivery: WebhookDelivery) -> None:
    """Tell the Admins that a webhook was tried for the last time."""
    opt_out_list = delivery.list
    _mail_admins(
        f"Webhook of “{opt_out_list.name}” failed",
        f"A webhook of the opt-out list “{opt_out_list.name}” was tried "
        f"{delivery.attempts} times over three days and never taken.\n\n"
        f"Nothing is lost: mend the receiver, then choose “Resend all failed” "
        f"on the page Webhook deliveries.\n",
    )


def _mail_admins(subject: str, text: str) -> None:
    admins = get_user_model().objects.filter(groups__name="Admin", is_active=True)
    to = [user.email for user in admins if user.email]
    try:
        if to:
            send_mail(subject, text, None, to)
    except OSError as error:
        logger.warning("No mail to the admins: %s", error)
