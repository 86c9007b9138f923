"""Each invariant holds where everything took its course, and can fail."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from broadcaster import preparing
from broadcaster.models import Broadcast, Enrolment
from broadcaster.step_timing import Timing
from connectors.models import Run
from optout import handover, invariants, lifts, list_deletion
from optout.actors import NOBODY
from optout.addresses import parse
from optout.invariants import INVARIANTS
from optout.models import (
    BulkRemoval,
    Entry,
    Hold,
    ImportJob,
    LedgerDetail,
    LedgerEvent,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    SandboxMessage,
    Source,
    WebhookDelivery,
    Workspace,
    default_list,
)
from teambox.models import InboundEvent
from tests.broadcaster.conftest import draft, numbers, phone  # noqa: F401
from tests.connectors.making import make_connector, post, step
from tests.connectors.making import work as run_connectors
from tests.factories import RAHUL, drain, make_channel, make_list, opt_out
from tests.invariants import assert_invariants_hold
from tests.sequencing import AT_ONCE, DAY, enrol, make_sequence, work
from tests.teambox.people import UNCLEAR, say

pytestmark = pytest.mark.django_db

PEOPLE = numbers(8)
LONG_AGO = timezone.now() - timedelta(days=3)
NOBODYS_KEY = parse("+34600999999").key


@pytest.fixture
def lived_in(draft: Callable[..., Broadcast], settings: Any, tmp_path: Any) -> None:  # noqa: F811
    """An installation in which everything has happened once."""
    settings.MEDIA_ROOT = tmp_path
    channel = make_channel(901)
    promotions = make_list()
    OptOutList.objects.update(webhook_url="https://example.org/hook")
    left = opt_out(RAHUL, promotions).entries[0]
    lifts.lift([left.pk], source=Source.PAGE, power=lifts.Power(guarded=True))
    opt_out("+34600111444", promotions)
    list_deletion.delete(promotions, move_to=default_list())
    sale = draft([*PEOPLE, PEOPLE[0], "nonsense"], channel=channel)
    say(channel, "STOP", sender=PEOPLE[1])
    say(channel, UNCLEAR, sender=PEOPLE[2])
    preparing.launch(sale, actor=NOBODY)
    drain()
    say(channel, "STOP", sender=PEOPLE[3])
    say(channel, "START", sender=PEOPLE[4])
    drain()
    now = timezone.now()
    for sent in OutgoingMessage.objects.filter(state="sent")[:2]:
        handover.record_receipt(
            message_id=sent.pk, delivered_at=now, read_at=now if sent.pk % 2 else None
        )
    handover.finish_batches()
    enrol(make_sequence(channel, AT_ONCE, Timing(DAY)), PEOPLE[5])
    work()
    post(make_connector(step()))
    run_connectors()


def test_all_hold_where_everything_took_its_course(lived_in: None) -> None:
    assert_invariants_hold()
    states = set(OutgoingMessage.objects.values_list("state", flat=True))
    assert states == {"sent", "delivered", "read", "suppressed"}


# How each can be broken


def set_on(rows: Any, **values: Any) -> Callable[[], None]:
    """Write into the first of these rows, past every rule."""

    def corrupt() -> None:
        first = rows.all().order_by("pk")[:1].values_list("pk", flat=True)
        changed = rows.model.objects.filter(pk__in=list(first)).update(**values)
        assert changed == 1, "there is no such row to corrupt"

    return corrupt


def messages(**chosen: Any) -> Any:
    return OutgoingMessage.objects.filter(**chosen)


def sent() -> Any:
    return messages(state="sent", batch__purpose="broadcast")


def live() -> Any:
    return Entry.objects.filter(ended_at=None)


def copy_of(row: Any, **values: Any) -> None:
    """A second row with the same values."""
    row.pk = None
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=True)


def one_person_twice() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX entry_live_unique")
    copy_of(live().first())


def opted_out_before_it_was_claimed() -> None:
    """The person whose STOP came after the message: as if it had come before."""
    entry = live().get(address=PEOPLE[3])
    LedgerEvent.objects.filter(entry_id=entry.pk).update(at=LONG_AGO)


def under_review_before_it_was_claimed() -> None:
    held = Hold.objects.get()
    copy_of(held, key=sent().first().key, created_at=LONG_AGO)


def a_removal_that_forgot_somebody() -> None:
    about = {"list": default_list(), "upper_id": 9, "below_id": 1, "total": 3}
    BulkRemoval.objects.create(**about, done=1, kept=1, state="done")


def an_import_that_forgot_a_row() -> None:
    counts = {"planned": {"entries": {"added": 2}}, "done": {"entries": {"added": 1}}}
    about = {"list": default_list(), "kind": "entries", "row_count": 2}
    ImportJob.objects.create(**about, counts=counts, state="done")


def an_old_message(**values: Any) -> Callable[[], None]:
    def corrupt() -> None:
        pk = sent().first().batch_id
        OutgoingBatch.objects.filter(pk=pk).update(finished_at=LONG_AGO)
        set_on(sent(), next_at=LONG_AGO, **values)()

    return corrupt


def at_a_step_of_another_sequence() -> None:
    other = make_sequence(make_channel(902))
    set_on(Enrolment.objects, sequence=other)()


deliveries, events = WebhookDelivery.objects, InboundEvent.objects
BREAKS: dict[str, Callable[[], Any]] = {
    "messages_add_up": set_on(messages(), state="lost"),
    "sending_means_leased": set_on(messages(), lease_until=LONG_AGO),
    "lost_senders_are_noticed": set_on(
        messages(), state="sending", lease_until=LONG_AGO, claimed_at=LONG_AGO
    ),
    "ended_batches_have_nothing_waiting": an_old_message(state="queued"),
    "drafts_stay_here": set_on(
        OutgoingBatch.objects.filter(purpose="broadcast"), state="draft"
    ),
    "results_have_their_attempt": set_on(sent(), attempt=0),
    "taken_messages_have_their_times": set_on(sent(), sent_at=None),
    "messages_leave_by_their_batch": set_on(sent(), channel_id=900),
    "messages_keep_their_key": set_on(messages(), key=NOBODYS_KEY),
    "withheld_messages_say_why": set_on(messages(state="suppressed"), entry=None),
    "only_marketing_is_withheld": set_on(
        messages(batch__purpose="list_message"),
        state="suppressed",
    ),
    "withheld_messages_name_their_own_entry": lambda: messages(
        error_code="opted_out"
    ).update(entry=live().get(address="+34600111444")),
    "nobody_opted_out_is_written_to": opted_out_before_it_was_claimed,
    "nobody_under_review_is_written_to": under_review_before_it_was_claimed,
    "the_sandbox_holds_nothing_twice": lambda: copy_of(
        SandboxMessage.objects.first(), provider_id="again"
    ),
    "what_the_sandbox_took_counts_as_taken": set_on(sent(), state="failed"),
    "the_hashing_key_is_ours": set_on(Workspace.objects, hash_key_fingerprint="other"),
    "the_default_list_stays": set_on(
        OptOutList.objects.filter(is_default=False), replaced_by=None
    ),
    "live_entries_are_one_of_a_kind": one_person_twice,
    "entries_keep_their_key": set_on(Entry.objects, key=NOBODYS_KEY),
    "holds_keep_their_key": set_on(Hold.objects, key=NOBODYS_KEY),
    "ended_entries_say_how": set_on(live(), ended_source="page"),
    "deleted_lists_hold_nobody": lambda: (
        OptOutList.objects.filter(state="archived").update(archived_at=LONG_AGO),
        Entry.objects.filter(list__state="archived").update(
            ended_at=None, updated_at=LONG_AGO
        ),
    ),
    "removals_have_looked_at_all": a_removal_that_forgot_somebody,
    "finished_imports_have_taken_each_address": an_import_that_forgot_a_row,
    "live_entries_stand_in_the_ledger": lambda: LedgerEvent.objects.update(
        kind="dismissed"
    ),
    "ends_stand_in_the_ledger": lambda: LedgerEvent.objects.filter(
        kind="lifted"
    ).update(kind="dismissed"),
    "opt_outs_keep_their_entry": lambda: LedgerEvent.objects.filter(
        kind="opted_out"
    ).update(entry_id=10**9),
    "deliveries_are_in_a_known_state": set_on(deliveries, state="lost"),
    "delivering_means_leased": set_on(deliveries, state="delivering"),
    "lost_deliveries_are_tried_again": set_on(
        deliveries, state="delivering", lease_until=LONG_AGO
    ),
    "delivered_means_tried_and_taken": set_on(deliveries, state="delivered"),
    "exhausted_means_tried": set_on(deliveries, state="exhausted"),
    "open_deliveries_are_tried": set_on(deliveries, next_at=LONG_AGO),
    "held_means_disabled": set_on(deliveries, state="held", created_at=LONG_AGO),
    "events_done_have_an_outcome": set_on(events, outcome=""),
    "events_given_up_say_why": set_on(events, state="failed", outcome=""),
    "stored_events_are_handled": set_on(
        events, state="stored", outcome="", next_at=LONG_AGO
    ),
    "keywords_stand_in_the_ledger": lambda: LedgerDetail.objects.update(
        provider_message_id=""
    ),
    "audiences_add_up": set_on(Broadcast.objects, rows_invalid=0),
    "running_means_launched": set_on(Broadcast.objects, launched_at=None),
    "audiences_are_read_on": set_on(
        Broadcast.objects, stage="preparing", lease_until=LONG_AGO
    ),
    "each_step_that_was_put_has_a_message": lambda: messages(
        batch__purpose="sequence"
    ).update(dedupe=0),
    "who_is_sent_to_has_a_message": set_on(Enrolment.objects, state="sending"),
    "everybody_is_at_a_step_of_their_sequence": at_a_step_of_another_sequence,
    "who_is_on_the_way_is_looked_at_again": set_on(Enrolment.objects, next_at=None),
    "runs_in_hand_have_a_lease": set_on(Run.objects, lease_until=LONG_AGO),
    "runs_that_ended_say_when": set_on(Run.objects, finished_at=None),
    "runs_done_tell_of_each_step": set_on(Run.objects, results=[]),
    "runs_that_ended_left_nothing_begun": set_on(
        Run.objects, results=[{"actions": [{"outcome": "begun"}]}]
    ),
    "runs_that_failed_say_why": set_on(Run.objects, state="failed"),
    "runs_go_on": set_on(
        Run.objects, state="queued", next_at=LONG_AGO, finished_at=None
    ),
}


def test_for_each_there_is_a_way_to_break_it() -> None:
    assert set(BREAKS) == set(INVARIANTS)


def test_each_fails_where_a_row_was_corrupted(lived_in: None) -> None:
    assert [name for name in BREAKS if not is_seen_broken(name)] == []


def is_seen_broken(name: str) -> bool:
    """Whether the corruption is found; it is undone afterwards."""
    assert_invariants_hold(name)
    with transaction.atomic():
        BREAKS[name]()
        [found] = invariants.check([name])
        transaction.set_rollback(True)
    return not found.holds


# The command


def told(*names: str, **options: Any) -> str:
    out = StringIO()
    call_command("check_invariants", *names, stdout=out, **options)
    return out.getvalue()


def test_the_command_tells_each_in_a_line_and_ends_well(lived_in: None) -> None:
    lines = told().splitlines()
    assert len(lines) == len(INVARIANTS)
    assert all(line.startswith("holds") for line in lines)


def test_the_command_names_ids_and_no_address_and_ends_badly(lived_in: None) -> None:
    entry = live().first()
    Entry.objects.filter(pk=entry.pk).update(key=NOBODYS_KEY)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_invariants", stdout=out)
    assert f"entry {entry.pk}\n" in out.getvalue()
    assert entry.address not in out.getvalue()


def test_the_command_tells_programs_in_json(lived_in: None) -> None:
    [line] = told("messages_add_up", json=True).splitlines()
    assert json.loads(line) == {
        "name": "messages_add_up",
        "guarantee": INVARIANTS["messages_add_up"].guarantee,
        "holds": True,
        "model": "optout.outgoingmessage",
        "rows": OutgoingMessage.objects.count(),
        "offenders": [],
    }


def test_the_command_refuses_a_name_that_is_none() -> None:
    with pytest.raises(CommandError, match="no invariant everything"):
        told("everything")
