"""The built-in provider: a phone and a mailbox on a page, for trying out and tests."""

import uuid

from django.utils import timezone

from optout.addresses import AddressKind
from optout.channels.base import Accepted, Outgoing, Transport, register
from optout.models import SandboxMessage


@register
class SandboxTransport(Transport):
    """Accepts every message by writing it to the sandbox's own table."""

    kind = "sandbox"
    label = "Sandbox"
    address_kinds = (AddressKind.PHONE, AddressKind.EMAIL)
    first_channel_id = 900
    can_look_up = True

    def send(self, message: Outgoing) -> Accepted:
        accepted = SandboxMessage.objects.create(
            channel_id=self.connection.channel_id,
            message_id=message.message_id,
            provider_id=f"sb_{uuid.uuid4().hex}",
            address=message.address,
            subject=message.subject,
            text=message.text,
            html=message.html,
            headers=dict(message.headers),
            at=timezone.now(),
        )
        return Accepted(accepted.provider_id)

    def look_up(self, message_id: int) -> Accepted | None:
        found = SandboxMessage.objects.filter(
            channel_id=self.connection.channel_id, message_id=message_id
        ).first()
        return Accepted(found.provider_id) if found else None
