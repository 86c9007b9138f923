"""What the tests of the contact panel share: its URLs, its forms, what it told."""

import json
from typing import Any
from uuid import UUID

from django.test import Client

from optout import addresses, lifts
from optout.access import Role
from optout.lifts import Power
from optout.models import (
    Entry,
    LiftReason,
    OptOutList,
    Source,
    Workspace,
    default_list,
)
from tests.factories import opt_out
from tests.page_clients import HTMX


def key_of(raw: str) -> UUID:
    return addresses.parse(raw).key


def panel_of(raw: str, rest: str = "") -> str:
    return f"/panel/{key_of(raw)}/{rest}"


def fields(*lists: OptOutList, **values: Any) -> dict[str, Any]:
    """The add form as it is sent, for the default list unless others are named."""
    chosen = [row.pk for row in lists or (default_list(),)]
    return {"channel": 0, "lists": chosen, "reason_code": "staff"} | values


def add(browser: Client, raw: str, *lists: OptOutList, **values: Any) -> Any:
    """Add by the panel of an address, to whom it belongs unless `address` is given."""
    sent = fields(*lists, **{"address": raw} | values)
    return browser.post(panel_of(raw, "add/"), sent, headers=HTMX)


def remove(browser: Client, entry: Entry, **values: Any) -> Any:
    url = f"/panel/{entry.key}/entries/{entry.pk}/remove/"
    return browser.post(url, values, headers=HTMX)


def entry_of(raw: str, *lists: OptOutList, **more: Any) -> Entry:
    return opt_out(raw, *lists, **more).entries[0]


def ended(entry: Entry) -> Entry:
    power = Power(guarded=True, legal=True)
    lifts.lift([entry.pk], source=Source.PAGE, power=power, reason=LiftReason.TEST)
    return Entry.objects.get(pk=entry.pk)


def toast_of(answer: Any) -> dict[str, str]:
    told: dict[str, str] = json.loads(answer["HX-Trigger"])["toast"]
    return told


def wrong_in(answer: Any) -> list[str]:
    """The fields of the add form that are in error."""
    return list(answer.context["panel_form"].errors)


def mask_for(*roles: Role) -> None:
    Workspace.objects.update(masked_roles=list(roles))


def look_up(browser: Client, text: str, **values: str) -> Any:
    sent = {"address": text} | values
    return browser.post("/panel/look-up/", sent, follow=True)
