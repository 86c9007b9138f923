"""Who may open a page of a connector, and the connector it is about."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from broadcaster.views.guards import Page, allowed
from connectors.models import Connector
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, go

VIEW = "connectors.view_connector"
ADD = "connectors.add_connector"
CHANGE = "connectors.change_connector"
DELETE = "connectors.delete_connector"
SEND = "optout.send_messages"

OfConnector = Callable[..., HttpResponseBase]


def of_connector(*permissions: str) -> Callable[[OfConnector], Page]:
    """A page about one connector."""

    def decorate(page: OfConnector) -> Page:
        @allowed(VIEW, *permissions)
        @wraps(page)
        def found(request: PageRequest, pk: int, **more: Any) -> HttpResponseBase:
            rows = Connector.objects.select_related("version")
            return page(request, get_object_or_404(rows, pk=pk), **more)

        return found

    return decorate


def act(*permissions: str) -> Callable[[OfConnector], Page]:
    """A POST that does something with a connector; a refusal is told on its page."""

    def decorate(page: OfConnector) -> Page:
        @require_POST
        @of_connector(*permissions)
        @wraps(page)
        def acting(
            request: PageRequest, connector: Connector, **more: Any
        ) -> HttpResponseBase:
            try:
                return page(request, connector, **more)
            except Refused as refused:
                messages.error(request, refused.message)
                return go(request, url_of(connector))

        return acting

    return decorate


def url_of(connector: Connector) -> str:
    """The page where a connector is built."""
    return reverse("connector-edit", args=[connector.pk])
