"""Contacts and conversations in the admin: seen, and written by their flows alone."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from optout.actors import Actor
from optout.models import Channel
from teambox import contacts
from teambox.models import (
    CannedReply,
    Contact,
    ContactAddress,
    ContactAttribute,
    Conversation,
    InboundEvent,
    Line,
    Note,
    Segment,
    SmartReply,
    SmartReplyAction,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
    Tag,
)
from tests.teambox.people import say
from tests.teambox.replies import make_reply

pytestmark = pytest.mark.django_db

WRITTEN_BY_FLOWS = [
    Contact,
    Conversation,
    InboundEvent,
    Line,
    Note,
    Segment,
    SmartReply,
    SmartReplyCategory,
    SmartReplyRun,
    SmartReplySettings,
]
WRITTEN_HERE = [CannedReply, ContactAttribute, Tag]
SHOWN_WITH_ANOTHER = {ContactAddress, SmartReplyAction}


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def rows(sms: Channel) -> None:
    """One of each, made as the product makes it."""
    make_reply("my parcel")
    say(sms, "<b>Where</b> is my parcel?")
    contact = Contact.objects.get()
    contacts.tag([contact], "VIP")
    contacts.write_note(contact, "Likes mails", actor=Actor(label="mina"))
    ContactAttribute.objects.create(name="town", label="Town")
    Segment.objects.create(name="Lately", query="seen=30")
    CannedReply.objects.create(shortcut="hello", text="<b>Where</b> may I help?")


def url_of(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:teambox_{model._meta.model_name}_{page}", args=args)


def test_every_table_of_this_floor_is_here() -> None:
    ours = {m for m in admin.site._registry if m._meta.app_label == "teambox"}
    assert ours == {*WRITTEN_BY_FLOWS, *WRITTEN_HERE}
    tables = set(apps.get_app_config("teambox").get_models())
    assert tables - ours == SHOWN_WITH_ANOTHER


@pytest.mark.parametrize("model", [*WRITTEN_BY_FLOWS, *WRITTEN_HERE])
def test_lists_and_rows_open(root: Client, rows: None, model: type[Model]) -> None:
    listed = root.get(url_of(model, "changelist"), {"q": "a"})
    row = model._default_manager.get()
    opened = root.get(url_of(model, "change", row.pk))
    assert (listed.status_code, opened.status_code) == (200, 200)
    assert b"<b>Where</b>" not in listed.content + opened.content


@pytest.mark.once
@pytest.mark.parametrize("model", WRITTEN_BY_FLOWS)
def test_what_a_flow_writes_is_not_written_here(
    root: Client, rows: None, model: type[Model]
) -> None:
    row = model._default_manager.get()
    assert root.post(url_of(model, "add"), {}).status_code == 403
    assert root.post(url_of(model, "change", row.pk), {}).status_code == 403
    assert root.post(url_of(model, "delete", row.pk), {}).status_code == 403


def test_an_attributes_name_stays_as_it_was_made(root: Client, rows: None) -> None:
    made = ContactAttribute.objects.get()
    changed = {"name": "city", "label": "City", "kind": "number", "choices": "[]"}
    assert root.post(url_of(ContactAttribute, "change", made.pk), changed).status_code
    made.refresh_from_db()
    assert (made.name, made.label, made.kind) == ("town", "City", "text")
