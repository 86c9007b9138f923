"""The settings of a connector: name, signature, answer, limits, secrets."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache

from connectors import building, door_settings
from connectors.forms import (
    LimitsForm,
    NameForm,
    ResponseForm,
    SecretForm,
    SignatureForm,
    refuse,
)
from connectors.models import Connector
from connectors.views import guards, picker
from connectors.views.guards import act, of_connector
from optout.refusals import Refused
from optout.views.dialogs import PageRequest

_NEW_SECRET = "new_signature_of"  # noqa: S105 - a session key
_FORMS: dict[str, type[Form]] = {
    "name": NameForm,
    "signature": SignatureForm,
    "response": ResponseForm,
    "limits": LimitsForm,
    "secret": SecretForm,
}


@of_connector(guards.CHANGE)
def page(request: PageRequest, connector: Connector) -> HttpResponse:
    """A form for each part; one is sent at a time."""
    forms = {
        part: kind(prefix=part, initial=_initial(part, connector))
        for part, kind in _FORMS.items()
    }
    sent = request.POST.get("part", "") if request.method == "POST" else ""
    if sent in _FORMS:
        form = forms[sent] = _FORMS[sent](request.POST, prefix=sent)
        if form.is_valid() and (done := _stored(request, connector, sent, form)):
            return done
    context = {
        "connector": connector,
        "forms": forms,
        "secrets": connector.secrets.all(),
        **picker.offers(request, connector),
    }
    is_wrong = request.method == "POST"
    template = "connectors/settings.html"
    return render(request, template, context, status=422 if is_wrong else 200)


def _initial(part: str, connector: Connector) -> dict[str, Any]:
    """What a part shows before it is edited; no secret ever."""
    kept: dict[str, Callable[[], dict[str, Any]]] = {
        "response": lambda: ResponseForm.chosen(connector),
        "signature": lambda: {
            "kind": connector.signature_kind,
            "header": connector.signature.get("name", ""),
        },
    }
    if part in kept:
        return kept[part]()
    names = (name for name in _FORMS[part].base_fields if hasattr(connector, name))
    return (
        {name: getattr(connector, name) for name in names} if part != "secret" else {}
    )


def _stored(
    request: PageRequest, connector: Connector, part: str, form: Any
) -> HttpResponse | None:
    """Write a part; None with the error at its field where that is refused."""
    given = form.cleaned_data
    try:
        if part == "name":
            building.rename(connector, **given)
        elif part == "signature":
            door_settings.set_signature(connector, **given)
        elif part == "response":
            door_settings.set_response(connector, form.response)
        elif part == "limits":
            door_settings.set_limits(connector, **given)
        else:
            door_settings.set_secret(connector, given["name"], given["value"])
    except Refused as refused:
        refuse(form, refused)
        return None
    if part == "signature" and connector.signature:
        request.session[_NEW_SECRET] = connector.pk
        return redirect("connector-signature", connector.pk)
    messages.success(request, "The settings were saved.")
    return redirect("connector-settings", connector.pk)


@never_cache
@of_connector(guards.CHANGE)
def signature(request: PageRequest, connector: Connector) -> HttpResponse:
    """The secret that senders sign with, once after it was made."""
    is_new = request.session.get(_NEW_SECRET) == connector.pk
    if is_new:
        del request.session[_NEW_SECRET]
    secret = connector.signature.get("secret", "") if is_new else ""
    context = {"connector": connector, "secret": secret}
    return render(request, "connectors/signature.html", context)


@act(guards.CHANGE)
def drop_secret(
    request: PageRequest, connector: Connector, secret_pk: int
) -> HttpResponse:
    """Forget the value of a secret."""
    kept = get_object_or_404(connector.secrets, pk=secret_pk)
    try:
        door_settings.drop_secret(connector, kept.name)
    except Refused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"“{kept.name}” was deleted.")
    return redirect("connector-settings", connector.pk)
