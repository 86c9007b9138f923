"""Opting out, through the one function behind every door."""

from datetime import timedelta

import pytest
from django.utils import timezone

from optout import addresses, entries, lifts, list_deletion
from optout.lifts import Power
from optout.models import (
    Entry,
    LedgerEvent,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.factories import ASHA, LEENA, make_channel, make_list, opt_out

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def with_webhook(row: OptOutList) -> OptOutList:
    row.webhook_url = "https://example.org/hook"
    row.save()
    return row


def test_another_spelling_of_a_listed_number_makes_no_second_entry() -> None:
    first = opt_out(ASHA)
    second = opt_out("0034 600-111-222")
    assert (len(first.created), len(second.created)) == (1, 0)
    assert second.entries == first.entries
    assert Entry.objects.count() == 1


def test_a_repeat_is_written_to_the_ledger() -> None:
    opt_out(ASHA)
    opt_out(ASHA)
    kinds = LedgerEvent.objects.values_list("kind", flat=True)
    assert list(kinds) == ["opted_out", "repeated"]


def test_a_repeat_posts_no_second_webhook() -> None:
    promotions = with_webhook(make_list())
    opt_out(ASHA, promotions)
    opt_out(ASHA, promotions)
    assert WebhookDelivery.objects.count() == 1


def test_number_and_email_of_one_request_are_one_webhook() -> None:
    promotions = with_webhook(make_list())
    both = (addresses.parse(ASHA), addresses.parse(LEENA))
    request = entries.Request(addresses=both, list_ids=(promotions.pk,))
    entries.opt_out(request, source=Source.PAGE, reason=Reason.STAFF)
    body = WebhookDelivery.objects.get().body
    assert body == (
        '{"opt_list_name": "Promotions", "mobile": 34600111222, '
        '"email": "leena@example.org", "channel_id": null}'
    )


def test_a_thousand_addresses_are_recorded_in_chunks() -> None:
    requests = [
        entries.Request((addresses.parse(f"p{n}@example.org"),), (default_list().pk,))
        for n in range(1_000)
    ]
    outcomes = entries.opt_out_many(requests, source=Source.API, reason=Reason.STAFF)
    assert len(outcomes) == live_entries().count() == 1_000


def test_five_hundred_addresses_are_one_short_transaction(
    django_assert_max_num_queries,
) -> None:
    requests = [
        entries.Request((addresses.parse(f"p{n}@example.org"),), (default_list().pk,))
        for n in range(500)
    ]
    with django_assert_max_num_queries(40):
        entries.opt_out_many(requests, source=Source.API, reason=Reason.STAFF)


def test_an_opt_out_of_a_deleted_list_goes_to_the_one_that_replaced_it() -> None:
    promotions = make_list()
    list_deletion.delete(promotions, move_to=default_list())
    outcome = opt_out(ASHA, promotions)
    assert outcome.entries[0].list == default_list()


def test_the_older_start_of_a_person_does_not_lift_a_later_stop() -> None:
    channel = make_channel()
    stop = {"source": Source.KEYWORD, "reason": Reason.PERSON}
    opt_out(ASHA, channel_id=900, asked_at=NOW, **stop)
    back = lifts.come_back(
        address=addresses.parse(ASHA),
        channel_id=channel.pk,
        list_id=default_list().pk,
        asked_at=NOW - timedelta(minutes=1),
    )
    assert back.is_stale
    assert live_entries().count() == 1


def test_a_stop_older_than_the_persons_start_is_stale() -> None:
    channel = make_channel()
    lifts.come_back(
        address=addresses.parse(ASHA),
        channel_id=channel.pk,
        list_id=default_list().pk,
        asked_at=NOW,
    )
    late = opt_out(
        ASHA,
        channel_id=900,
        asked_at=NOW - timedelta(seconds=1),
        source=Source.KEYWORD,
        reason=Reason.PERSON,
    )
    assert (len(late.stale), late.entries) == (1, [])


def test_what_the_person_made_stays_without_a_reason() -> None:
    made = opt_out(ASHA, reason=Reason.PERSON, source=Source.LINK).entries[0]
    done = lifts.lift([made.pk], source=Source.PAGE, power=Power(guarded=True))
    assert done.kept == [made]
    assert live_entries().exists()


def test_a_legal_entry_stays_without_the_power_over_it() -> None:
    made = opt_out(ASHA, reason=Reason.LEGAL).entries[0]
    power = Power(guarded=True)
    done = lifts.lift([made.pk], source=Source.PAGE, power=power, reason="test")
    assert done.kept == [made]


def test_put_back_keeps_the_original_date_and_source() -> None:
    made = opt_out(ASHA, source=Source.API).entries[0]
    lifts.lift([made.pk], source=Source.PAGE, power=Power())
    lifts.put_back([made.pk], source=Source.PAGE)
    again = live_entries().get()
    assert (again.created_at, again.source) == (made.created_at, Source.API)


def test_put_back_leaves_a_place_that_is_taken_again() -> None:
    made = opt_out(ASHA).entries[0]
    lifts.lift([made.pk], source=Source.PAGE, power=Power())
    opt_out(ASHA)
    assert lifts.put_back([made.pk], source=Source.PAGE) == []
    assert live_entries().count() == 1
