"""`/webhook-deliveries/`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from optout import webhook_queue
from optout.api.base import ApiView, CollectionView
from optout.api.idempotency import idempotent
from optout.api.problems import Problem
from optout.api.serializers.deliveries import DeliveryOutput, OneDeliveryOutput
from optout.filters import DeliveryFilter
from optout.models import WebhookDelivery


class DeliveryCollection(CollectionView):
    """Webhook deliveries of all lists."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = DeliveryOutput
    filterset_class = DeliveryFilter
    permissions = {"GET": "optout.view_webhookdelivery"}


class OneDelivery(ApiView):
    """One webhook delivery."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = OneDeliveryOutput
    permissions = {"GET": "optout.view_webhookdelivery"}

    def get(self, request: Request, pk: int) -> Response:
        """The delivery with its body and what each try met."""
        return Response(OneDeliveryOutput(self.get_object()).data)


class Resending(ApiView):
    """Another round of tries."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = DeliveryOutput
    permissions = {"POST": "optout.resend_webhooks"}

    @extend_schema(request=None, responses={202: DeliveryOutput})
    @idempotent(atomic=True)
    def post(self, request: Request, pk: int) -> Response:
        """Try the delivery again from the start, with the same id and body."""
        delivery = self.get_object()
        if not webhook_queue.resend(WebhookDelivery.objects.filter(pk=pk)):
            raise Problem(
                409,
                "not_resendable",
                f"This delivery is {delivery.state}: it is tried anyway, or waits for "
                "its list's webhook to be enabled.",
            )
        delivery.refresh_from_db()
        return Response(DeliveryOutput(delivery).data, status=202)
