"""Who may open a page of a sequence, and the sequence or enrolment it is about."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST

from broadcaster.models import Enrolment, Sequence, all_sequences
from broadcaster.views.guards import Page, allowed
from optout.refusals import Refused
from optout.views.dialogs import PageRequest, go

VIEW = "broadcaster.view_sequence"
ADD = "broadcaster.add_sequence"
CHANGE = "broadcaster.change_sequence"
SEND = "optout.send_messages"
VIEW_PEOPLE = "broadcaster.view_enrolment"
CHANGE_PEOPLE = "broadcaster.change_enrolment"

OfSequence = Callable[..., HttpResponseBase]
OfEnrolment = Callable[[PageRequest, Enrolment], HttpResponseBase]


def of_sequence(*permissions: str) -> Callable[[OfSequence], Page]:
    """A page about one sequence."""

    def decorate(page: OfSequence) -> Page:
        @allowed(VIEW, *permissions)
        @wraps(page)
        def found(request: PageRequest, pk: int, **more: Any) -> HttpResponseBase:
            return page(request, get_object_or_404(all_sequences(), pk=pk), **more)

        return found

    return decorate


def act(*permissions: str) -> Callable[[OfSequence], Page]:
    """A POST that does something with a sequence; a refusal is told on its page."""

    def decorate(page: OfSequence) -> Page:
        @require_POST
        @of_sequence(*permissions)
        @wraps(page)
        def acting(
            request: PageRequest, sequence: Sequence, **more: Any
        ) -> HttpResponseBase:
            try:
                return page(request, sequence, **more)
            except Refused as refused:
                messages.error(request, refused.message)
                return go(request, url_of(sequence))

        return acting

    return decorate


def of_enrolment(*permissions: str) -> Callable[[OfEnrolment], Page]:
    """A page about one enrolment, reached from its sequence or the contact panel."""

    def decorate(page: OfEnrolment) -> Page:
        @allowed(VIEW_PEOPLE, *permissions)
        @wraps(page)
        def found(request: PageRequest, pk: int) -> HttpResponseBase:
            rows = Enrolment.objects.select_related("sequence__batch__channel", "step")
            return page(request, get_object_or_404(rows, pk=pk))

        return found

    return decorate


def url_of(sequence: Sequence) -> str:
    """The page of a sequence."""
    return reverse("sequence", args=[sequence.pk])
