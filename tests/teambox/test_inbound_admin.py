"""Inbound events in the Django admin: to look at, and to handle again."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from optout.access import Role
from optout.models import Channel
from teambox.models import EventState, InboundEvent
from tests.teambox.people import say

pytestmark = pytest.mark.django_db
EVENTS = "/admin/teambox/inboundevent/"


def staff(role: Role) -> Client:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def handle_again(client: Client, event: InboundEvent) -> None:
    client.post(EVENTS, {"action": "handle_again", "_selected_action": [event.pk]})
    event.refresh_from_db()


def test_a_failed_event_is_shown_with_its_error(sms: Channel) -> None:
    event = say(sms, "STOP", sender="nobody").event
    shown = staff(Role.COMPLIANCE).get(f"{EVENTS}?state__exact=failed")
    assert event.error in shown.content.decode()


def test_a_failed_event_is_handled_again_at_the_next_look(sms: Channel) -> None:
    event = say(sms, "STOP", sender="nobody").event
    handle_again(staff(Role.COMPLIANCE), event)
    assert (event.state, event.attempts) == (EventState.STORED, 0)


def test_an_agent_may_look_and_not_handle_again(sms: Channel) -> None:
    event = say(sms, "STOP", sender="nobody").event
    agent = staff(Role.AGENT)
    handle_again(agent, event)
    assert event.state == EventState.FAILED
    assert agent.get(EVENTS).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_nobody_writes_events_by_hand(
    sms: Channel, admin_client: Client, page: str
) -> None:
    event = say(sms, "Hello").event
    args = [] if page == "add" else [event.pk]
    url = reverse(f"admin:teambox_inboundevent_{page}", args=args)
    assert admin_client.post(url, {"text": "STOP", "post": "yes"}).status_code == 403
    assert InboundEvent.objects.get().text == "Hello"


def test_one_event_is_shown_to_read(sms: Channel, admin_client: Client) -> None:
    event = say(sms, "<b>Hello</b>").event
    url = reverse("admin:teambox_inboundevent_change", args=[event.pk])
    assert b"&lt;b&gt;Hello&lt;/b&gt;" in admin_client.get(url).content
