"""The sandbox's phone and mailbox."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from optout import outbox
from optout.models import (
    Channel,
    Content,
    MessageState,
    OutgoingMessage,
    Purpose,
    SandboxMessage,
    live_entries,
)
from tests.factories import ASHA, LEENA, drain, make_batch, make_channel, queue
from tests.factories import recipient as to

pytestmark = pytest.mark.django_db
PAGE = "/sandbox/"


def log_in(client: Client, role: str) -> Client:
    user = User.objects.create_user(role.lower())
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return client


@pytest.fixture
def agent(client: Client) -> Client:
    return log_in(client, "Agent")


@pytest.fixture
def phone() -> Channel:
    return make_channel(900)


@pytest.fixture
def mailbox() -> Channel:
    return make_channel(901, email=True)


def deliver_mail(
    mailbox: Channel, *, html: str = "", purpose: Purpose = Purpose.API
) -> SandboxMessage:
    content = Content.objects.create(subject="Sale", text="30% off", html=html)
    outbox.put(make_batch(mailbox, purpose=purpose), content, to(LEENA))
    drain()
    return SandboxMessage.objects.get()


def url_of(mail: SandboxMessage, name: str = "sandbox-mail") -> str:
    return reverse(name, args=[mail.pk])


def test_without_a_sandbox_channel_the_page_offers_to_make_one(client: Client) -> None:
    log_in(client, "Admin")
    assert b"No sandbox channel yet" in client.get(PAGE).content


def test_the_phone_shows_what_came_and_what_its_owner_wrote(
    agent: Client, phone: Channel
) -> None:
    queue(make_batch(phone), ASHA, "Our sale starts")
    drain()
    written = {"channel": "900", "sender": ASHA, "text": "Stop. Thank you"}
    agent.post(reverse("sandbox-inbound"), written)
    drain()
    html = agent.get(PAGE, {"channel": "900", "address": ASHA}).content.decode()
    shown = [html.index(t) for t in ("Our sale starts", "Stop. Thank you", "no more")]
    assert shown == sorted(shown)
    assert "Opted out" in html


def test_the_last_address_written_to_is_proposed(agent: Client, phone: Channel) -> None:
    queue(make_batch(phone), ASHA)
    drain()
    html = agent.get(PAGE).content.decode()
    assert f'value="{ASHA}"' in html


def test_any_spelling_of_a_number_opens_its_phone(
    agent: Client, phone: Channel
) -> None:
    queue(make_batch(phone), ASHA, "Our sale starts")
    drain()
    query = {"channel": "900", "address": "0034 600 111 222"}
    assert b"Our sale starts" in agent.get(PAGE, query).content


def test_an_address_that_is_none_is_refused_at_its_field(
    agent: Client, phone: Channel
) -> None:
    html = agent.get(PAGE, {"channel": "900", "address": "nobody"}).content.decode()
    assert 'aria-invalid="true"' in html


def test_a_poll_answers_204_until_something_is_new(
    agent: Client, phone: Channel
) -> None:
    query = {"part": "thread", "channel": "900", "address": ASHA, "seen": "0-0-0"}
    assert agent.get(PAGE, query).status_code == 204
    queue(make_batch(phone), ASHA, "Our sale starts")
    drain()
    response = agent.get(PAGE, query)
    assert b"Our sale starts" in response.content
    assert b"<h1" not in response.content


def test_opening_a_mail_marks_it_read_once(agent: Client, mailbox: Channel) -> None:
    mail = deliver_mail(mailbox)
    assert b"is-unread" in agent.get(PAGE).content
    agent.get(url_of(mail))
    first = OutgoingMessage.objects.get()
    agent.get(url_of(mail))
    assert first.state == MessageState.READ
    assert OutgoingMessage.objects.get().read_at == first.read_at
    assert b"is-unread" not in agent.get(PAGE).content


def test_a_mail_shows_its_headers_and_its_ways_out(
    agent: Client, mailbox: Channel
) -> None:
    html = agent.get(url_of(deliver_mail(mailbox))).content.decode()
    assert "List-Unsubscribe-Post" in html
    assert "Open unsubscribe link" in html
    assert "One-click unsubscribe" in html


def test_the_one_click_form_of_a_mail_acts_and_is_seen(
    agent: Client, mailbox: Channel
) -> None:
    mail = deliver_mail(mailbox)
    path = agent.get(url_of(mail)).context["link_path"]
    agent.post(path, {"List-Unsubscribe": "One-Click"})
    part = {"HX-Request": "true", "HX-Target": "ways-out"}
    html = agent.get(url_of(mail), headers=part).content.decode()
    assert "one-click header" in html
    assert live_entries().get().address == LEENA


def test_a_mail_that_is_no_marketing_offers_no_way_out(
    agent: Client, mailbox: Channel
) -> None:
    mail = deliver_mail(mailbox, purpose=Purpose.REPLY)
    html = agent.get(url_of(mail)).content.decode()
    assert "carries no List-Unsubscribe header" in html
    assert "One-click unsubscribe" not in html


def test_a_mails_html_may_run_and_load_nothing(agent: Client, mailbox: Channel) -> None:
    mail = deliver_mail(mailbox, html="<p>Hi</p><script>steal()</script>")
    response = agent.get(url_of(mail, "sandbox-mail-body"))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b"steal" not in agent.get(url_of(mail)).content


def test_a_hostile_subject_is_shown_as_text(agent: Client, mailbox: Channel) -> None:
    mail = deliver_mail(mailbox)
    SandboxMessage.objects.update(subject="<script>x()</script>")
    for url in (PAGE, url_of(mail)):
        assert b"<script>x()" not in agent.get(url).content


def test_who_may_not_hand_in_messages_sees_no_box_to_write(
    client: Client, phone: Channel
) -> None:
    log_in(client, "Marketer")
    assert b"data-sandbox-write" not in client.get(PAGE).content
    assert client.post(reverse("sandbox-inbound"), {}).status_code == 403


def test_a_stranger_is_sent_to_the_log_in(client: Client, mailbox: Channel) -> None:
    mail = deliver_mail(mailbox)
    for url in (PAGE, url_of(mail), url_of(mail, "sandbox-mail-body")):
        assert client.get(url)["Location"].startswith("/login/")
