"""What people write, from the door in to the gate and the answer."""

import pytest

from optout import handover, lifts, lists
from optout.lifts import Power
from optout.models import (
    Channel,
    Entry,
    Hold,
    LedgerEvent,
    LiftReason,
    OptOutList,
    Reason,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
    live_entries,
)
from tests.factories import (
    ASHA,
    LEENA,
    drain,
    make_batch,
    make_channel,
    opt_out,
    queue,
    sent_texts,
)
from tests.teambox.people import UNCLEAR, is_out, minute, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def promotions() -> OptOutList:
    row = OptOutList(name="Promotions", message="No more promotions.")
    return lists.save(row, lists.Words("PROMO OFF", start_keyword="PROMO ON"))


@pytest.fixture
def one_word_for_all() -> None:
    Workspace.objects.update_or_create(
        pk=1, defaults={"person_opts_out_everywhere": True}
    )


def staff_lift_everything() -> None:
    lifts.lift(
        live_entries().values_list("id", flat=True),
        source=Source.PAGE,
        power=Power(guarded=True, legal=True),
        reason=LiftReason.ASKED_IN_CHAT,
    )


# STOP


def test_stop_opts_the_sender_out_of_the_default_list_on_that_channel(
    sms: Channel,
) -> None:
    received = say(sms, "Stop.")
    entry = live_entries().get()
    assert (received.outcome, received.lists) == ("opted_out", [default_list().pk])
    assert (entry.channel_id, entry.source, entry.reason_code, entry.tier) == (
        sms.pk,
        "keyword",
        "person",
        "exact",
    )
    assert not is_out(make_channel(901))


def test_stop_is_answered_with_the_lists_message(sms: Channel) -> None:
    say(sms, "STOP")
    assert sent_texts(sms) == [default_list().message]


def test_second_stop_in_another_spelling_is_recorded_and_not_answered(
    sms: Channel,
) -> None:
    say(sms, "STOP")
    second = say(sms, " stop ", sender="0034 600 111 222")
    assert second.outcome == "opted_out"
    assert live_entries().count() == 1
    assert list(LedgerEvent.objects.values_list("kind", flat=True)) == [
        "opted_out",
        "repeated",
    ]
    assert sent_texts(sms) == [default_list().message]


@pytest.mark.parametrize("text", ["STOP", "START", "HELP"])
def test_what_the_provider_has_answered_is_not_answered_again(
    sms: Channel, text: str
) -> None:
    say(sms, text, already_answered=True)
    assert is_out(sms) == (text == "STOP")
    assert sent_texts(sms) == []


def test_a_providers_number_carries_its_country_code_whatever_the_region(
    sms: Channel,
) -> None:
    Workspace.objects.update(default_region="US")
    say(sms, "STOP", sender="4797313879")
    assert is_out(sms, "+47 97 31 38 79")


def test_a_lists_own_keyword_opts_out_of_that_list_alone(
    sms: Channel, promotions: OptOutList
) -> None:
    received = say(sms, "Promo off!")
    assert (received.outcome, received.lists) == ("opted_out", [promotions.pk])
    assert is_out(sms, from_list=promotions)
    assert not is_out(sms)
    assert sent_texts(sms) == ["No more promotions."]


def test_stop_on_a_mailbox_opts_out_the_email(db: None) -> None:
    mailbox = make_channel(901, email=True)
    say(mailbox, "unsubscribe", sender="Leena@Example.org")
    assert is_out(mailbox, LEENA)


def test_the_evidence_of_a_stop_is_kept(sms: Channel) -> None:
    say(sms, "Please stop!!", message_id="SM1")
    detail = LedgerEvent.objects.get().detail
    assert (detail.text, detail.provider_message_id) == ("Please stop!!", "SM1")
    assert Entry.objects.get().tier == "polite"


def test_the_lists_message_waits_for_what_is_leaving_and_is_the_last(
    sms: Channel,
) -> None:
    leaving = queue(make_batch(sms), ASHA, "Big sale")
    claim = handover.claim(leaving.batch, 10)
    say(sms, "STOP")
    assert sent_texts(sms) == []
    handover.record_sent(claim.messages[0], "p1")
    queue(make_batch(sms), ASHA, "Bigger sale")
    assert sent_texts(sms) == [default_list().message]


def test_stop_wins_over_a_removal_that_staff_made_before_it_arrived(
    sms: Channel,
) -> None:
    say(sms, "STOP", sent_at=minute(1))
    staff_lift_everything()
    say(sms, "STOP", sent_at=minute(2))
    assert is_out(sms)


def test_stop_counts_on_all_channels_where_the_workspace_says_so(
    sms: Channel, one_word_for_all: None
) -> None:
    other = make_channel(901)
    say(sms, "STOP")
    assert is_out(other)
    assert sent_texts(sms) == [default_list().message]


# START


def test_start_brings_the_person_back_and_is_answered(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(1))
    received = say(sms, "START", sent_at=minute(2))
    assert (received.outcome, received.lists) == ("lifted", [default_list().pk])
    assert not is_out(sms)
    assert sent_texts(sms)[1].startswith("You are back")


def test_start_of_somebody_who_is_on_no_list_is_answered(sms: Channel) -> None:
    assert say(sms, "START").outcome == "lifted"
    assert len(sent_texts(sms)) == 1


def test_start_leaves_what_staff_entered_and_names_the_list(sms: Channel) -> None:
    opt_out(ASHA, channel_id=sms.pk)
    received = say(sms, "START")
    assert (received.outcome, received.lists) == (
        "still_opted_out",
        [default_list().pk],
    )
    assert is_out(sms)
    assert sent_texts(sms) == [
        'You are still opted out of "Default opt-out list". '
        "Tell us if you want to change that."
    ]


def test_start_names_the_other_list_by_its_public_name(
    sms: Channel, promotions: OptOutList
) -> None:
    OptOutList.objects.filter(pk=promotions.pk).update(public_name="Offers")
    say(sms, "STOP", sent_at=minute(1))
    say(sms, "PROMO OFF", sent_at=minute(1))
    received = say(sms, "START", sent_at=minute(2))
    assert (received.outcome, received.lists) == ("still_opted_out", [promotions.pk])
    assert '"Offers"' in sent_texts(sms)[-1]


def test_start_tells_that_an_entry_for_all_channels_still_blocks(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(1))
    opt_out(ASHA)
    assert say(sms, "START", sent_at=minute(2)).outcome == "still_opted_out"
    assert "(on all channels)" in sent_texts(sms)[-1]


def test_the_start_word_of_a_list_lifts_that_list(
    sms: Channel, promotions: OptOutList
) -> None:
    say(sms, "PROMO OFF", sent_at=minute(1))
    received = say(sms, "promo on", sent_at=minute(2))
    assert (received.outcome, received.lists) == ("lifted", [promotions.pk])
    assert not is_out(sms, from_list=promotions)


def test_start_older_than_the_stop_is_stale_and_not_answered(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(2), already_answered=True)
    assert say(sms, "START", sent_at=minute(1)).outcome == "stale"
    assert is_out(sms)
    assert sent_texts(sms) == []


def test_stop_older_than_the_start_is_stale(sms: Channel) -> None:
    say(sms, "START", sent_at=minute(2))
    received = say(sms, "STOP", sent_at=minute(1))
    assert (received.outcome, received.lists) == ("stale", [default_list().pk])
    assert not is_out(sms)


def test_a_clock_that_is_ahead_does_not_make_a_start_the_later(sms: Channel) -> None:
    say(sms, "START", sent_at=minute(60 * 24 * 30))
    say(sms, "STOP")
    assert is_out(sms)


def test_yes_is_no_start_unless_the_channel_says_so(sms: Channel) -> None:
    say(sms, "STOP", sent_at=minute(1))
    assert say(sms, "YES", sent_at=minute(2)).outcome == "message"
    sms.yes_means_start = True
    sms.save()
    assert say(sms, "YES", sent_at=minute(3)).outcome == "lifted"


def test_a_late_start_leaves_what_the_person_told_staff_since(sms: Channel) -> None:
    opt_out(ASHA, channel_id=sms.pk, reason=Reason.PERSON)
    assert say(sms, "START", sent_at=minute(1)).outcome == "stale"
    assert is_out(sms)


# HELP, review, and the rest


def test_help_is_answered_with_the_channels_text(sms: Channel) -> None:
    assert say(sms, "HELP").outcome == "help"
    assert sent_texts(sms) == [sms.help_text]
    assert not Entry.objects.exists()


def test_help_of_a_channel_without_a_text_is_not_answered(db: None) -> None:
    quiet = make_channel(help_text="")
    assert say(quiet, "HELP").outcome == "help"
    assert sent_texts(quiet) == []


def test_an_unclear_request_withholds_marketing_as_under_review(sms: Channel) -> None:
    received = say(sms, UNCLEAR)
    waiting = queue(make_batch(sms), ASHA)
    drain()
    waiting.refresh_from_db()
    assert received.outcome == "review"
    assert (waiting.state, waiting.error, waiting.error_code) == (
        "suppressed",
        "Optout Number",
        "under_review",
    )


def test_an_unclear_request_is_written_to_the_ledger(sms: Channel) -> None:
    say(sms, UNCLEAR, message_id="SM7")
    fact = LedgerEvent.objects.get(kind="held")
    assert (fact.key, fact.channel_id) == (Hold.objects.get().key, sms.pk)
    assert (fact.detail.text, fact.detail.provider_message_id) == (UNCLEAR, "SM7")


@pytest.mark.parametrize(
    "text", ["", "When do you open?", "We must STOP this bill", "STOP 12345"]
)
def test_other_messages_opt_nobody_out(sms: Channel, text: str) -> None:
    assert say(sms, text).outcome in ("message", "review")
    assert not Entry.objects.exists()
    assert sent_texts(sms) == []


def test_an_opt_out_by_keyword_posts_one_webhook(sms: Channel) -> None:
    OptOutList.objects.filter(is_default=True).update(
        webhook_url="https://example.org/hook"
    )
    say(sms, "STOP", message_id="a")
    say(sms, "STOP", message_id="b")
    assert WebhookDelivery.objects.count() == 1


def test_a_hostile_message_is_kept_as_text(sms: Channel) -> None:
    hostile = "<script>alert(1)</script>\x00{{ 7 * 7 }}\ud83d"
    received = say(sms, hostile, payload={"raw": [hostile, {hostile: 1}]})
    received.event.refresh_from_db()
    assert received.outcome == "message"
    assert received.event.text == "<script>alert(1)</script>{{ 7 * 7 }}?"
