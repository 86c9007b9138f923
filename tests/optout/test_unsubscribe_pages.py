"""The public unsubscribe pages: what a mail client, a scanner and a person meet."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from optout import links
from optout.models import (
    Channel,
    Entry,
    LedgerEvent,
    OptOutList,
    OutgoingMessage,
    Source,
    default_list,
    live_entries,
)
from tests.factories import LEENA, make_batch, make_channel, make_list, opt_out, queue

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
STEPS = ["unsubscribe-leave", "unsubscribe-back", "unsubscribe-preferences"]
PAGES = ["unsubscribe", *STEPS]


@pytest.fixture
def mailbox() -> Channel:
    return make_channel(901, email=True)


@pytest.fixture
def mail(mailbox: Channel) -> OutgoingMessage:
    return queue(make_batch(mailbox), LEENA)


@pytest.fixture
def page(mail: OutgoingMessage) -> str:
    return reverse("unsubscribe", args=[links.token(mail.pk)])


def shown(client: Client, page: str) -> str:
    return client.get(page).content.decode()


def make_public(name: str, keyword: str) -> OptOutList:
    row = make_list(name, keyword)
    row.public_name = f"Our {name}"
    row.save(update_fields=["public_name"])
    return row


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_a_link_changes_nothing(
    client: Client, mail: OutgoingMessage, name: str, method: str
) -> None:
    response = getattr(client, method)(reverse(name, args=[links.token(mail.pk)]))
    assert response.status_code in (200, 204, 302)
    assert not Entry.objects.exists()
    assert not LedgerEvent.objects.exists()
    assert not response.cookies


def test_the_page_shows_a_masked_address_and_a_neutral_wording(
    client: Client, page: str
) -> None:
    html = shown(client, page)
    assert "l•••@example.org" in html
    assert LEENA not in html
    assert "no more marketing messages from Our company" in html


def test_the_page_names_a_list_only_by_its_public_name(
    client: Client, page: str
) -> None:
    OptOutList.objects.update(name="Internal 7")
    assert "Internal 7" not in shown(client, page)
    OptOutList.objects.update(public_name="Our news")
    assert "no more Our news from" in shown(client, page)


def test_nobody_else_learns_the_address_of_the_page(client: Client, page: str) -> None:
    response = client.get(page)
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex"


# One-click


@pytest.mark.parametrize("content_type", ["urlencoded", "multipart"])
def test_one_click_opts_out_of_the_sends_unsubscribe_list(
    page: str, mail: OutgoingMessage, content_type: str
) -> None:
    promotions = make_list()
    mail.batch.unsubscribe_list = promotions
    mail.batch.save(update_fields=["unsubscribe_list"])
    client = Client(enforce_csrf_checks=True)
    if content_type == "multipart":
        response = client.post(page, ONE_CLICK)
    else:
        form = "application/x-www-form-urlencoded"
        body = "List-Unsubscribe=One-Click"
        response = client.post(page, body, content_type=form)
    entry = live_entries().get()
    assert (response.status_code, response.content) == (200, b"")
    assert (entry.list, entry.channel, entry.source) == (
        promotions,
        mail.channel,
        Source.ONE_CLICK,
    )


def test_one_click_works_without_the_last_slash(client: Client, page: str) -> None:
    assert client.post(page.rstrip("/"), ONE_CLICK).status_code == 200
    assert live_entries().count() == 1


@pytest.mark.parametrize("token", ["test", "nope", "v1.k1.AAAAAAAAAAE.AAAA", "x" * 500])
def test_one_click_with_an_unknown_token_answers_as_any_other(
    client: Client, token: str
) -> None:
    response = client.post(reverse("unsubscribe", args=[token]), ONE_CLICK)
    assert (response.status_code, response.content) == (200, b"")
    assert not Entry.objects.exists()


def test_a_repeated_one_click_has_one_effect(client: Client, page: str) -> None:
    assert [client.post(page, ONE_CLICK).status_code for _ in range(3)] == [200] * 3
    assert Entry.objects.count() == 1


def test_a_post_of_something_else_changes_nothing(client: Client, page: str) -> None:
    assert client.post(page, {"List-Unsubscribe": "yes"}).status_code == 400
    assert not Entry.objects.exists()


def test_a_cookie_of_somebody_logged_in_makes_no_difference(
    admin_client: Client, page: str
) -> None:
    admin_client.post(page, ONE_CLICK)
    entry = live_entries().get()
    assert (entry.actor, entry.actor_label) == (None, "")


def test_what_cannot_be_written_down_is_never_called_done(
    client: Client, page: str, settings: Settings
) -> None:
    settings.OPTOUT_HASH_KEY = b"another key, 32 bytes at the least"
    for url in (page, f"{page}leave/"):
        response = client.post(url, ONE_CLICK)
        assert response.status_code == 503
        assert int(response["Retry-After"]) > 0
    assert not Entry.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_database_that_fails_is_answered_with_503(
    client: Client, page: str, method: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE optout_outgoingmessage RENAME TO gone")
    response = getattr(client, method)(page, ONE_CLICK)
    assert response.status_code == 503
    assert b"nothing has changed yet" in response.content


# The page's own forms


def test_the_button_keeps_what_the_person_saw_as_evidence(
    client: Client, page: str
) -> None:
    client.post(f"{page}leave/", headers={"User-Agent": "Netscape 4"})
    entry = live_entries().get()
    detail = LedgerEvent.objects.get().detail
    assert (entry.source, detail.user_agent) == (Source.LINK, "Netscape 4")
    assert detail.ip == "127.0.0.1"
    assert entry.wording.startswith("You will get no more marketing messages")


def test_the_goodbye_page_shows_the_lists_message_and_a_way_back(
    client: Client, page: str
) -> None:
    response = client.post(f"{page}leave/", follow=True)
    html = response.content.decode()
    assert default_list().message in html
    assert "This was a mistake: put me back" in html


def test_the_way_back_ends_only_the_entry_this_link_made(
    client: Client, page: str, mail: OutgoingMessage
) -> None:
    promotions = make_list()
    opt_out(LEENA, promotions, channel_id=mail.channel_id)
    client.post(f"{page}leave/")
    assert live_entries().count() == 2
    response = client.post(f"{page}back/", follow=True)
    assert [entry.list for entry in live_entries()] == [promotions]
    assert "You were put back" in response.content.decode()


def test_who_was_opted_out_by_others_is_offered_no_way_back(
    client: Client, page: str, mail: OutgoingMessage
) -> None:
    opt_out(LEENA, channel_id=mail.channel_id)
    assert "put me back" not in shown(client, page)
    client.post(f"{page}back/")
    assert live_entries().count() == 1


def test_a_form_of_another_site_is_refused(client: Client, page: str) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
    ):
        assert client.post(f"{page}leave/", headers=headers).status_code == 403
    assert not Entry.objects.exists()


def test_our_own_form_works_without_cookies(page: str) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert client.post(f"{page}leave/", headers=headers).status_code == 302
    assert live_entries().count() == 1


def test_the_preference_page_leaves_more_lists_and_never_puts_back(
    client: Client, page: str, mail: OutgoingMessage
) -> None:
    news, offers = make_public("News", "NEWS OFF"), make_public("Offers", "OFFERS OFF")
    opt_out(LEENA, news, channel_id=mail.channel_id)
    client.post(f"{page}preferences/", {"lists": [offers.pk]})
    made = live_entries().get(list=offers)
    assert (made.source, made.channel) == (Source.PREFERENCES, mail.channel)
    assert live_entries().count() == 2


def test_the_preference_page_tells_what_the_address_has_left_and_where(
    client: Client, page: str, mail: OutgoingMessage
) -> None:
    opt_out(LEENA, make_public("News", "NEWS OFF"), channel_id=mail.channel_id)
    make_public("Offers", "OFFERS OFF")
    html = shown(client, page)
    assert f"You left it on {mail.channel.name}" in html
    assert html.count('type="checkbox"') == 1


@pytest.mark.parametrize("lists", [[], ["x"], ["99999"], ["²"]])
def test_a_choice_of_nothing_that_is_shown_changes_nothing(
    client: Client, page: str, lists: list[str]
) -> None:
    make_list("Hidden")
    response = client.post(f"{page}preferences/", {"lists": lists}, follow=True)
    assert "nothing was changed" in response.content.decode()
    assert not Entry.objects.exists()


def test_a_list_without_a_public_name_cannot_be_left_by_its_id(
    client: Client, page: str
) -> None:
    hidden = make_list("Hidden")
    client.post(f"{page}preferences/", {"lists": [hidden.pk]})
    assert not Entry.objects.exists()


# Other links


@pytest.mark.parametrize("name", PAGES)
def test_a_test_mails_link_says_so_and_does_nothing(client: Client, name: str) -> None:
    url = reverse(name, args=["test"])
    response = client.get(url) if name == "unsubscribe" else client.post(url)
    assert "came with a test message" in response.content.decode()
    assert not Entry.objects.exists()


def test_every_bad_token_gets_the_same_page(
    client: Client, mail: OutgoingMessage
) -> None:
    good = links.token(mail.pk)
    flipped = [good[:-1] + ("A" if good[-1] != "A" else "B"), good[:-1], good + "A"]
    unknown = [links.token(mail.pk + 1), "x" * 5000, "v1..", "…"]
    answers = {
        (response.status_code, response.content)
        for token in (*flipped, *unknown)
        if (response := client.get(reverse("unsubscribe", args=[token])))
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 404


@pytest.mark.parametrize("name", STEPS)
def test_a_bad_token_leads_no_form_anywhere(client: Client, name: str) -> None:
    assert client.post(reverse(name, args=["nope"])).status_code == 404


def test_the_link_of_an_erased_address_leads_nowhere(
    client: Client, page: str, mail: OutgoingMessage
) -> None:
    OutgoingMessage.objects.filter(pk=mail.pk).update(address="")
    assert client.get(page).status_code == 404
    assert client.post(page, ONE_CLICK).status_code == 200
