"""A list's page: its entries, adding one, removing one, putting one back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from optout import lifts
from optout.access import Role
from optout.lifts import Power
from optout.models import (
    Entry,
    LiftReason,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
    live_entries,
)
from tests.factories import ASHA, LEENA, RAHUL, make_channel, make_list, opt_out
from tests.page_clients import HTMX, browser_of, errors_of, queries_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    return browser_of(Role.ADMIN)


@pytest.fixture
def listed() -> OptOutList:
    return make_list()


def page_of(listed: OptOutList, query: str = "") -> str:
    return f"/opt-out/{listed.pk}/{query}"


def add(browser: Client, listed: OptOutList, **values: Any) -> Any:
    fields = {"channel": 0, "reason_code": "staff"} | values
    return browser.post(f"/opt-out/{listed.pk}/add/", fields)


def remove(browser: Client, entry: Entry, **values: Any) -> Any:
    return browser.post(f"/opt-out/entries/{entry.pk}/remove/", values)


def entry_of(raw: str, listed: OptOutList, **more: Any) -> Entry:
    return opt_out(raw, listed, **more).entries[0]


def ended(entry: Entry) -> Entry:
    power = Power(guarded=True, legal=True)
    lifts.lift([entry.pk], source=Source.PAGE, power=power, reason=LiftReason.TEST)
    return Entry.objects.get(pk=entry.pk)


def addresses_on(answer: Any) -> list[str]:
    return [entry.address for entry, _ in answer.context["rows"]]


# The table


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, listed: OptOutList
) -> None:
    for number in range(10):
        opt_out(f"+3460011{number:04}", listed)
    before = queries_of(browser, page_of(listed))
    for number in range(10, 20):
        opt_out(f"+3460011{number:04}", listed)
    assert queries_of(browser, page_of(listed)) == before


def test_a_row_tells_how_by_whom_and_why(browser: Client, listed: OptOutList) -> None:
    add(browser, listed, number=ASHA, note="At the counter")
    words = text_of(browser.get(page_of(listed)))
    assert "All channels List page Staff decided · At the counter a admin" in words


def test_the_search_finds_an_address_in_any_spelling(
    browser: Client, listed: OptOutList
) -> None:
    opt_out(ASHA, listed)
    opt_out(RAHUL, listed)
    found = browser.get(page_of(listed), {"search": "0034 600-111-222"})
    assert addresses_on(found) == [ASHA]


@pytest.mark.parametrize(
    "query", ["?source=api", "?reason_code=legal", "?channel_id=900", "?source=bogus"]
)
def test_a_filter_that_nothing_matches_offers_to_clear(
    browser: Client, listed: OptOutList, query: str
) -> None:
    make_channel()
    opt_out(ASHA, listed)
    assert "No entry matches" in text_of(browser.get(page_of(listed, query)))


def test_an_empty_list_says_so_and_offers_to_add(
    browser: Client, listed: OptOutList
) -> None:
    words = text_of(browser.get(page_of(listed)))
    assert "Nobody is on this list yet" in words
    assert "No entry matches" not in words


def test_a_page_number_past_the_end_shows_the_last_page(
    browser: Client, listed: OptOutList
) -> None:
    opt_out(ASHA, listed)
    assert addresses_on(browser.get(page_of(listed, "?page=99"))) == [ASHA]


def test_ended_entries_stand_apart_with_who_and_why(
    browser: Client, listed: OptOutList
) -> None:
    remove(browser, entry_of(ASHA, listed, reason=Reason.PERSON), reason="test")
    assert "Nobody is on this list yet" in text_of(browser.get(page_of(listed)))
    words = text_of(browser.get(page_of(listed, "?live=false")))
    assert "a admin · List page · Test Put back" in words


def test_the_mark_of_a_start_without_entry_is_no_removed_entry(
    browser: Client, listed: OptOutList
) -> None:
    address = entry_of(ASHA, default_list())
    Entry.objects.create(
        list=listed,
        channel_id=0,
        key=address.key,
        address=ASHA,
        source="keyword",
        reason_code="person",
        created_at=address.created_at,
        ended_at=address.created_at,
    )
    words = text_of(browser.get(page_of(listed, "?live=false")))
    assert "Nobody was removed yet" in words


def test_htmx_gets_the_part_it_asks_for(browser: Client, listed: OptOutList) -> None:
    asks = HTMX | {"HX-Target": "entries"}
    answer = browser.get(page_of(listed), headers=asks)
    assert answer.content.decode().lstrip().startswith("<section")
    assert "HX-Target" in answer["Vary"]


def test_the_back_button_gets_the_whole_page(
    browser: Client, listed: OptOutList
) -> None:
    asks = HTMX | {"HX-Target": "entries", "HX-History-Restore-Request": "true"}
    answer = browser.get(page_of(listed), headers=asks)
    assert b"<!DOCTYPE html>" in answer.content


def test_a_hostile_note_is_shown_as_text(browser: Client, listed: OptOutList) -> None:
    add(browser, listed, number=ASHA, note="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in browser.get(page_of(listed)).content.decode()


# Adding


def test_a_number_and_an_email_are_two_entries_and_one_event(
    browser: Client, listed: OptOutList
) -> None:
    OptOutList.objects.update(webhook_url="https://hooks.example.com/")
    add(browser, listed, number=ASHA, email=LEENA)
    assert live_entries().filter(list=listed).count() == 2
    assert WebhookDelivery.objects.count() == 1


def test_the_entry_knows_who_added_it_by_which_door(
    browser: Client, listed: OptOutList
) -> None:
    add(browser, listed, number=ASHA, reason_code="person", note="By phone")
    entry = live_entries().get()
    assert (entry.source, entry.reason_code) == (Source.PAGE, Reason.PERSON)
    assert (entry.actor_label, entry.note) == ("a admin", "By phone")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("number", {}),
        ("number", {"number": "12"}),
        ("number", {"number": "+34 600 111 222\x00"}),
        ("number", {"number": "9" * 400}),
        ("email", {"email": "a@b@c"}),
        ("email", {"email": "a@b.c\r\nBcc: x@y.z"}),
        ("channel", {"number": ASHA, "channel": ""}),
        ("channel", {"number": ASHA, "channel": 77}),
        ("channel", {"number": ASHA, "channel": 901}),
        ("reason_code", {"number": ASHA, "reason_code": "imported"}),
        ("note", {"number": ASHA, "note": "x" * 301}),
    ],
)
def test_bad_input_names_the_field_and_adds_nothing(
    browser: Client, listed: OptOutList, field: str, values: dict[str, Any]
) -> None:
    make_channel(901, is_active=False)
    answer = add(browser, listed, **values)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == [field]
    assert not Entry.objects.exists()


def test_a_number_that_reads_two_ways_is_asked_about(
    browser: Client, listed: OptOutList
) -> None:
    Workspace.objects.update(default_region="DE")
    answer = add(browser, listed, number="4915123456789")
    form = answer.context["form"]
    assert len(form.readings) == 2
    assert all(number in text_of(answer) for number in form.readings)


def test_the_chosen_reading_is_added(browser: Client, listed: OptOutList) -> None:
    Workspace.objects.update(default_region="DE")
    reading = "+4915123456789"
    add(browser, listed, number="4915123456789", reading=reading)
    assert live_entries().get().address == reading


def test_somebody_who_is_there_is_told_so(browser: Client, listed: OptOutList) -> None:
    opt_out(ASHA, listed)
    url = f"/opt-out/{listed.pk}/add/"
    values = {"number": ASHA, "channel": 0, "reason_code": "staff"}
    told = json.loads(browser.post(url, values, headers=HTMX)["HX-Trigger"])
    assert told["toast"]["text"] == f"{ASHA} is already on “Promotions”."


def test_an_entry_without_effect_offers_all_channels(
    browser: Client, listed: OptOutList
) -> None:
    make_channel(900)
    answer = add(browser, listed, email=LEENA, channel=900)
    assert "Opt out on All channels" in text_of(answer)
    assert live_entries().get().channel_id == 900


def test_only_an_admin_adds_a_legal_entry(listed: OptOutList) -> None:
    by_staff = add(
        browser_of(Role.COMPLIANCE), listed, number=ASHA, reason_code="legal"
    )
    assert by_staff.status_code == 422
    add(browser_of(Role.ADMIN), listed, number=ASHA, reason_code="legal")
    assert live_entries().get().reason_code == Reason.LEGAL


def test_nobody_is_added_to_a_deleted_list(browser: Client, listed: OptOutList) -> None:
    OptOutList.objects.filter(pk=listed.pk).update(state="archived")
    assert add(browser, listed, number=ASHA).status_code == 404


# Removing and putting back


def test_a_staff_entry_is_removed_after_a_yes(
    browser: Client, listed: OptOutList
) -> None:
    entry = entry_of(ASHA, listed)
    question = text_of(browser.get(f"/opt-out/entries/{entry.pk}/remove/"))
    assert "Yes, remove" in question
    assert "Reason" not in question
    remove(browser, entry)
    assert not live_entries().exists()


def test_what_the_person_asked_for_needs_a_reason(
    browser: Client, listed: OptOutList
) -> None:
    entry = entry_of(ASHA, listed, reason=Reason.PERSON)
    answer = remove(browser, entry)
    assert answer.status_code == 422
    assert list(errors_of(answer)) == ["reason"]
    assert live_entries().exists()


def test_the_reason_other_needs_words(browser: Client, listed: OptOutList) -> None:
    entry = entry_of(ASHA, listed, reason=Reason.COMPLAINT)
    assert list(errors_of(remove(browser, entry, reason="other"))) == ["note"]
    remove(browser, entry, reason="other", note="A mix-up")
    entry.refresh_from_db()
    assert (entry.ended_reason, entry.ended_note) == ("other", "A mix-up")


def test_a_removal_can_be_undone_from_its_toast(
    browser: Client, listed: OptOutList
) -> None:
    entry = entry_of(ASHA, listed)
    url = f"/opt-out/entries/{entry.pk}/remove/"
    told = json.loads(browser.post(url, headers=HTMX)["HX-Trigger"])
    browser.post(told["toast"]["undo"], headers=HTMX)
    assert live_entries().get().pk == entry.pk


def test_put_back_keeps_the_first_date_and_source(
    browser: Client, listed: OptOutList
) -> None:
    entry = entry_of(ASHA, listed, source=Source.API)
    first = timezone.now() - timedelta(days=9)
    Entry.objects.update(created_at=first)
    browser.post(f"/opt-out/entries/{ended(entry).pk}/put-back/")
    back = live_entries().get()
    assert (back.created_at, back.source) == (first, Source.API)


@pytest.mark.parametrize(
    ("role", "reason", "status"),
    [
        (Role.AGENT, Reason.STAFF, 302),
        (Role.AGENT, Reason.PERSON, 302),
        (Role.AGENT, Reason.LEGAL, 403),
        (Role.MARKETER, Reason.STAFF, 302),
        (Role.MARKETER, Reason.PERSON, 403),
        (Role.MARKETER, Reason.COMPLAINT, 403),
        (Role.COMPLIANCE, Reason.LEGAL, 403),
        (Role.ADMIN, Reason.LEGAL, 302),
    ],
)
def test_roles_remove_what_they_may(
    listed: OptOutList, role: Role, reason: Reason, status: int
) -> None:
    entry = entry_of(ASHA, listed, reason=reason)
    answer = remove(browser_of(role), entry, reason="asked_in_chat")
    assert answer.status_code == status
    assert live_entries().exists() == (status == 403)


def test_a_role_sees_no_trash_on_what_it_may_not_remove(listed: OptOutList) -> None:
    guarded = entry_of(ASHA, listed, reason=Reason.PERSON)
    free = entry_of(RAHUL, listed)
    page = browser_of(Role.MARKETER).get(page_of(listed)).content.decode()
    assert f"/opt-out/entries/{free.pk}/remove/" in page
    assert f"/opt-out/entries/{guarded.pk}/remove/" not in page


def test_a_second_removal_is_told_that_it_was_done(
    browser: Client, listed: OptOutList
) -> None:
    entry = ended(entry_of(ASHA, listed))
    answer = browser.get(f"/opt-out/entries/{entry.pk}/remove/", follow=True)
    assert "was removed before" in text_of(answer)


def test_reading_pages_change_nothing(browser: Client, listed: OptOutList) -> None:
    entry = ended(entry_of(ASHA, listed))
    assert browser.get(f"/opt-out/entries/{entry.pk}/put-back/").status_code == 405
    assert not live_entries().exists()
