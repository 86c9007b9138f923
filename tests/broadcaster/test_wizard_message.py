"""The message step: the preview for a chosen recipient, the mail's frame, tests."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from broadcaster import broadcasts, preparing, reports, samples, trials
from broadcaster.broadcasts import Words
from optout import addresses
from optout.access import Role
from optout.actors import NOBODY
from optout.models import Purpose, SandboxMessage, Workspace
from teambox import contacts
from tests.broadcaster.conftest import numbers
from tests.factories import drain, opt_out
from tests.page_clients import HTMX, browser_of, queries_of, text_of

pytestmark = pytest.mark.django_db

ROWS = [f"{n},Guest {i}" for i, n in enumerate(numbers(14))]
HELLO = "Hello {{name|you}}. Reply STOP."
ME = "+34600111999"


def url(name, broadcast) -> str:
    return reverse(f"broadcast-{name}", args=[broadcast.pk])


@pytest.fixture
def named(draft):
    """A draft to fourteen people with names; the fourth row is no number."""
    rows = [*ROWS[:3], "nonsense,Nobody", *ROWS[3:]]
    return draft(rows, header="number,name", text=HELLO)


@pytest.fixture
def letter(draft, mailbox):
    """A mail to two people."""
    words = Words(subject="For {{name}}", text="Hi {{name}}", html="<p>Hi {{name}}</p>")
    rows = ["ana@example.org,Ana", "bo@example.org,Bo <b>"]
    return draft(rows, header="email,name", channel=mailbox, words=words)


def shown(named, browser=None, **sent) -> str:
    browser = browser or browser_of(Role.MARKETER)
    answer = browser.post(url("preview", named), {"text": HELLO} | sent, headers=HTMX)
    return text_of(answer)


def test_the_first_ten_recipients_are_offered(named):
    page = browser_of(Role.MARKETER).get(url("message", named))
    offered = [each.to.address for each in page.context["samples"]]
    assert offered == numbers(10)
    assert "Hello Guest 0." in text_of(page)


def test_the_preview_is_rendered_for_the_chosen_one(named):
    place = samples.first(named)[4].place
    assert "Hello Guest 4." in shown(named, recipient=place)


@pytest.mark.parametrize("typed", ["+1 (415) 555-0012", "14155550012", "+١٤١٥٥٥٥٠٠١٢"])
def test_a_recipient_is_found_in_any_spelling(named, typed):
    assert "Hello Guest 12." in shown(named, find=typed)


@pytest.mark.parametrize("typed", ["+14155550099", "nonsense", "a@b.org"])
def test_who_is_no_recipient_is_said_at_the_field(named, typed):
    sent = {"text": HELLO, "find": typed}
    answer = browser_of(Role.MARKETER).post(url("preview", named), sent, headers=HTMX)
    assert (answer.status_code, bool(answer.context["not_found"])) == (422, True)
    assert 'aria-describedby="preview-find-error"' in answer.content.decode()


@pytest.mark.parametrize("place", ["", "x", "-1", "99", "9" * 30, "١"])
def test_a_place_where_nobody_is_shows_the_first(named, place):
    assert "Hello Guest 0." in shown(named, recipient=place)


def test_without_scripts_the_saved_words_are_shown_for_the_chosen(named):
    place = samples.first(named)[2].place
    answer = browser_of(Role.MARKETER).post(url("preview", named), {"recipient": place})
    assert "Hello Guest 2." in text_of(answer)
    assert "<h1" in answer.content.decode()


def test_contacts_are_offered_and_found_too(named):
    contacts.make(name="Ana Díaz", addresses=[addresses.parse(ME)])
    broadcasts.set_contacts(named, {"all": True})
    browser = browser_of(Role.MARKETER)
    (offered,) = samples.first(named)
    assert offered.to.address == ME and ME not in offered.place
    assert "Hello Ana Díaz." in shown(named, browser, recipient=offered.place)
    assert "Hello Ana Díaz." in shown(named, browser, find="0034 600 111 999")
    assert "Hello Ana Díaz." in shown(named, browser, recipient="7")


def test_anothers_recipients_are_offered_and_found_too(named, draft):
    preparing.launch(named, actor=NOBODY)
    drain()
    again = draft(text=HELLO)
    broadcasts.set_from_broadcast(again, named, ["sent"])
    assert len(samples.first(again)) == 10
    assert "Hello Guest 12." in shown(again, find=numbers(13)[12])


def test_a_masked_role_sees_no_whole_address(named, letter):
    Workspace.objects.update(masked_roles=[Role.MARKETER])
    browser = browser_of(Role.MARKETER)
    page = browser.get(url("message", named)).content.decode()
    page += shown(named, browser, find=numbers(13)[12])
    page += browser.get(url("message", letter)).content.decode()
    assert not [n for n in (*numbers(14), "ana@", "bo@example") if n in page]
    assert "+1•••••000" in page


def test_the_frame_shows_the_typed_mail_and_saves_nothing(letter):
    place = samples.first(letter)[1].place
    sent = {"html": "<h2>Dear {{name}}</h2><script>x</script>", "recipient": place}
    answer = browser_of(Role.MARKETER).post(url("mail", letter), sent)
    assert "<h2>Dear Bo &lt;b&gt;</h2>" in answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("sandbox allow-popups; ")
    letter.refresh_from_db()
    assert letter.html == "<p>Hi {{name}}</p>"


# A test to oneself


def send(broadcast, browser, **sent):
    sent = {"address": ME} | sent
    return browser.post(url("test", broadcast), sent, headers=HTMX)


def test_a_test_says_what_is_typed_to_the_chosen_recipient(named):
    place = samples.first(named)[3].place
    typed = {"text": "Dear {{name}}! Reply STOP.", "recipient": place}
    answer = send(named, browser_of(Role.MARKETER), **typed)
    assert "Queued to" in text_of(answer)
    drain()
    sent = SandboxMessage.objects.get()
    assert (sent.address, sent.text) == (ME, "Dear Guest 3! Reply STOP.")


def test_a_test_is_no_part_of_the_broadcast(named):
    send(named, browser_of(Role.MARKETER))
    named.refresh_from_db()
    assert named.text == HELLO
    preparing.prepare(named)
    assert reports.review(named).to_send == 14


def test_the_page_tells_what_became_of_a_test(named):
    browser = browser_of(Role.MARKETER)
    sent = browser.post(url("test", named), {"address": ME})
    assert "every 1s" in browser.get(sent["Location"]).content.decode()
    drain()
    page = browser.get(sent["Location"])
    assert f"Sent to {ME}" in text_of(page) and "every 1s" not in page.content.decode()
    state = reverse("broadcast-test-state", args=[named.pk, page.context["test"].pk])
    assert text_of(browser.get(state, headers=HTMX)) == f"Sent to {ME}"


def test_who_opted_out_gets_no_test_either(named, promotions):
    broadcasts.set_lists(named, [promotions.pk])
    opt_out(ME, promotions)
    browser = browser_of(Role.MARKETER)
    sent = browser.post(url("test", named), {"address": ME})
    drain()
    assert not SandboxMessage.objects.exists()
    assert "Optout Number: this address is on “Promotions”" in text_of(
        browser.get(sent["Location"])
    )


def test_the_link_of_a_test_opts_nobody_out(letter, client):
    browser = browser_of(Role.MARKETER)
    send(letter, browser, address="me@example.org")
    drain()
    mail = SandboxMessage.objects.get()
    assert mail.subject == "For Ana"
    link = mail.text.split("/u/")[1].split()[0]
    client.post(f"/u/{link}")
    assert not letter.batch.lists.get().entries.exists()


@pytest.mark.parametrize(
    ("words", "address", "told"),
    [
        ({"text": " "}, ME, "Write the message first."),
        ({}, "nonsense", "number"),
        ({}, "", "required"),
    ],
)
def test_what_cannot_be_tested_is_refused(named, words, address, told):
    answer = send(named, browser_of(Role.MARKETER), address=address, **words)
    assert answer.status_code == 422 and told in text_of(answer)
    assert not trials.tests_of(named).exists()


def test_without_scripts_a_refused_test_stands_on_its_page(named):
    browser = browser_of(Role.MARKETER)
    answer = browser.post(url("test", named), {"address": "nonsense"})
    assert (answer.status_code, "<h1" in answer.content.decode()) == (422, True)
    assert answer.context["test_form"].errors["address"]


def test_at_most_so_many_tests_an_hour(named, monkeypatch):
    monkeypatch.setattr(trials, "MOST_AN_HOUR", 2)
    mara, admin = browser_of(Role.MARKETER), browser_of(Role.ADMIN)
    codes = [send(named, browser).status_code for browser in (mara, mara, mara, admin)]
    assert codes == [200, 200, 422, 200]
    assert trials.tests_of(named).filter(batch__purpose=Purpose.TEST).count() == 3


def test_the_users_own_email_or_last_number_is_offered(named, letter):
    browser = browser_of(Role.MARKETER)
    User.objects.update(email="mara@example.org")

    def offered(broadcast) -> str:
        form = browser.get(url("message", broadcast)).context["test_form"]
        return form["address"].value()

    assert (offered(named), offered(letter)) == ("", "mara@example.org")
    send(named, browser)
    assert offered(named) == ME


def test_a_launched_broadcast_is_tested_no_more(named):
    preparing.launch(named, actor=NOBODY)
    answer = browser_of(Role.MARKETER).post(url("test", named), {"address": ME})
    assert answer["Location"] == url("report", named)
    assert not trials.tests_of(named).exists()


def test_twice_the_rows_ask_the_database_as_often(draft):
    few, many = (draft(ROWS[:n], header="number,name", text=HELLO) for n in (4, 8))
    browser = browser_of(Role.MARKETER)
    asked = [queries_of(browser, url("message", made)) for made in (few, few, many)]
    assert asked[1] == asked[2]
