"""Writing as a person on the sandbox page."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from optout.access import Role
from optout.models import Channel
from teambox.models import InboundEvent
from tests.factories import ASHA, make_channel
from tests.teambox.people import is_out

pytestmark = pytest.mark.django_db
URL = "/sandbox/inbound/"
HTMX = {"HX-Request": "true"}


def logged_in(role: Role) -> Client:
    user = User.objects.create_user(role)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def agent(db: None) -> Client:
    return logged_in(Role.AGENT)


def message(channel: Channel, **more: object) -> dict[str, object]:
    return {"channel": channel.pk, "sender": ASHA, "text": "STOP", **more}


def test_a_stop_written_there_opts_the_person_out(sms: Channel, agent: Client) -> None:
    response = agent.post(URL, message(sms))
    assert response.status_code == 302
    assert response["Location"] == (
        f"{reverse('sandbox')}?channel=900&address=%2B34600111222"
    )
    assert is_out(sms)


def test_htmx_is_told_that_the_sandbox_changed(sms: Channel, agent: Client) -> None:
    response = agent.post(URL, message(sms), headers=HTMX)
    assert (response.status_code, response["HX-Trigger"]) == (204, "sandboxChanged")


def test_the_same_words_twice_are_two_messages(sms: Channel, agent: Client) -> None:
    for _ in range(2):
        agent.post(URL, message(sms))
    assert InboundEvent.objects.count() == 2


def test_a_sender_that_is_no_address_is_named(sms: Channel, agent: Client) -> None:
    response = agent.post(URL, message(sms, sender="nobody"), headers=HTMX)
    assert response.status_code == 422
    assert response.content.startswith(b"Sender: This is no phone number.")
    assert not InboundEvent.objects.exists()


def test_a_channel_of_another_kind_is_refused(db: None, agent: Client) -> None:
    real = make_channel(201, kind="smtp", email=True)
    response = agent.post(URL, message(real, sender="a@example.org"), headers=HTMX)
    assert response.status_code == 422
    assert not InboundEvent.objects.exists()


def test_without_htmx_a_refusal_leads_back_to_the_page(
    sms: Channel, agent: Client
) -> None:
    response = agent.post(URL, message(sms, text=""))
    assert response.status_code == 302
    assert "address=%2B34600111222" in response["Location"]


def test_a_role_that_may_not_hand_in_is_refused(sms: Channel) -> None:
    assert logged_in(Role.MARKETER).post(URL, message(sms)).status_code == 403


def test_a_stranger_is_sent_to_log_in(sms: Channel) -> None:
    assert Client().post(URL, message(sms))["Location"].startswith("/login/")


def test_reading_it_changes_nothing(sms: Channel, agent: Client) -> None:
    assert agent.get(URL).status_code == 405
