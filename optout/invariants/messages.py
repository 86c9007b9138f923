"""What holds for messages and batches: conservation, leases, the gate's answers."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from optout.invariants.registry import invariant, long_ago, repeated, wrongly_keyed
from optout.models import (
    ALL_CHANNELS,
    MARKETING,
    OPTOUT_NUMBER,
    BatchState,
    ErrorCode,
    Hold,
    HoldState,
    LedgerEvent,
    LedgerKind,
    MessageState,
    OutgoingMessage,
    SandboxMessage,
    live_entries,
)

TAKEN = (MessageState.SENT, MessageState.DELIVERED, MessageState.READ)
WAITING = (MessageState.QUEUED, MessageState.SENDING)
# From the time that an opt-out writes into the ledger to its commit, and the clocks of
# two machines.
SETTLED = timedelta(minutes=2)

Messages = QuerySet[OutgoingMessage]


@invariant(OutgoingMessage)
def messages_add_up() -> Messages:
    """Every message is in one of the known states: a total is the sum of its states."""
    return OutgoingMessage.objects.exclude(state__in=MessageState.values)


@invariant(OutgoingMessage)
def sending_means_leased() -> Messages:
    """A message has a lease as long as it is being sent, and at no other time."""
    is_sending, is_leased = Q(state=MessageState.SENDING), ~Q(lease_until=None)
    return OutgoingMessage.objects.filter(
        is_sending & ~is_leased | ~is_sending & is_leased
    )


@invariant(OutgoingMessage)
def lost_senders_are_noticed() -> Messages:
    """No message is being sent long after its lease has ended.

    A sweep turns it into `unknown`. Offenders: no worker runs.
    """
    return OutgoingMessage.objects.filter(
        state=MessageState.SENDING, **long_ago("lease_until")
    )


@invariant(OutgoingMessage)
def ended_batches_have_nothing_waiting() -> Messages:
    """Nothing waits in a batch that was cancelled or finished long ago."""
    return OutgoingMessage.objects.filter(
        batch__state__in=(BatchState.CANCELLED, BatchState.FINISHED),
        state__in=WAITING,
        **long_ago("next_at"),
        **long_ago("batch__finished_at"),
    )


@invariant(OutgoingMessage)
def drafts_stay_here() -> Messages:
    """Nothing of a draft was ever claimed for a provider."""
    return OutgoingMessage.objects.filter(~Q(attempt=0), batch__state=BatchState.DRAFT)


@invariant(OutgoingMessage)
def results_have_their_attempt() -> Messages:
    """What a provider was asked or answered belongs to an attempt, and to a claim."""
    asked = (*TAKEN, MessageState.SENDING, MessageState.UNKNOWN, MessageState.FAILED)
    return OutgoingMessage.objects.filter(
        Q(attempt=0, state__in=asked) | Q(claimed_at=None, state=MessageState.SENDING)
    )


@invariant(OutgoingMessage)
def taken_messages_have_their_times() -> Messages:
    """What a provider took has the times of it: sent, delivered, read."""
    return OutgoingMessage.objects.filter(
        Q(state__in=TAKEN, sent_at=None)
        | Q(state=MessageState.DELIVERED, delivered_at=None)
        | Q(state=MessageState.READ, read_at=None)
    )


@invariant(OutgoingMessage)
def messages_leave_by_their_batch() -> Messages:
    """A message was claimed for the channel of its batch, and for no other."""
    return OutgoingMessage.objects.filter(
        ~Q(channel=F("batch__channel")), attempt__gt=0
    )


@invariant(OutgoingMessage)
def messages_keep_their_key() -> Iterable[int]:
    """The key that the gate compares is the key of the address written to."""
    return wrongly_keyed(OutgoingMessage.objects.all(), kind="channel__address_kind")


# What the gate withheld


@invariant(OutgoingMessage)
def withheld_messages_say_why() -> Messages:
    """What was withheld reads `Optout Number`, and has its entry or its hold."""
    by_entry = Q(error_code=ErrorCode.OPTED_OUT, hold=None, entry__isnull=False)
    by_hold = Q(error_code=ErrorCode.UNDER_REVIEW, entry=None, hold__isnull=False)
    says_why = Q(error=OPTOUT_NUMBER) & (by_entry | by_hold)
    return OutgoingMessage.objects.filter(~says_why, state=MessageState.SUPPRESSED)


@invariant(OutgoingMessage)
def only_marketing_is_withheld() -> Messages:
    """Answers to a person are never withheld."""
    return OutgoingMessage.objects.filter(
        ~Q(batch__purpose__in=MARKETING), state=MessageState.SUPPRESSED
    )


@invariant(OutgoingMessage)
def withheld_messages_name_their_own_entry() -> Messages:
    """The entry or hold that withheld a message is of its address and its channel."""
    same_entry = Q(entry__key=F("key")) & (
        Q(entry__channel=ALL_CHANNELS) | Q(entry__channel=F("channel"))
    )
    same_hold = Q(hold__key=F("key"), hold__channel=F("channel"))
    return OutgoingMessage.objects.filter(
        Q(entry__isnull=False) & ~same_entry | Q(hold__isnull=False) & ~same_hold
    )


# What the gate should have withheld


def _given_to_a_provider() -> Messages:
    """Marketing that a provider was called for; what is `unknown` may not have been."""
    refused = Q(error_code=ErrorCode.REFUSED)
    return OutgoingMessage.objects.filter(
        Q(state__in=TAKEN) | refused, batch__purpose__in=MARKETING
    )


def _facts(*kinds: LedgerKind) -> QuerySet[LedgerEvent]:
    return LedgerEvent.objects.filter(
        kind__in=kinds, key=OuterRef("key"), entry_id=OuterRef("pk")
    )


@invariant(OutgoingMessage)
def nobody_opted_out_is_written_to() -> Messages:
    """No marketing was claimed for a provider after its address had been opted out of
    the default list, where the send selects it.

    Told by entries that came by an opt-out and never ended: one that was moved or put
    back has an older date than its effect. Other lists can be added to a running send,
    and nobody writes down when; the default list is there from the start.
    """
    opted_out = _facts(LedgerKind.OPTED_OUT).annotate(settled_at=F("at") + SETTLED)
    in_force = live_entries().filter(
        Exists(opted_out.filter(settled_at__lt=OuterRef(OuterRef("claimed_at")))),
        ~Exists(_facts(LedgerKind.LIFTED, LedgerKind.MOVED)),
        Q(channel=ALL_CHANNELS) | Q(channel=OuterRef("channel")),
        key=OuterRef("key"),
        list__is_default=True,
    )
    return _given_to_a_provider().filter(
        Exists(in_force), batch__skip_default_reason="", batch__lists__is_default=True
    )


@invariant(OutgoingMessage)
def nobody_under_review_is_written_to() -> Messages:
    """No marketing was claimed for a provider after its address came under review."""
    in_force = Hold.objects.annotate(settled_at=F("created_at") + SETTLED).filter(
        key=OuterRef("key"),
        channel=OuterRef("channel"),
        state=HoldState.WAITING,
        settled_at__lt=OuterRef("claimed_at"),
    )
    return _given_to_a_provider().filter(Exists(in_force))


# What the built-in provider holds against us


@invariant(SandboxMessage)
def the_sandbox_holds_nothing_twice() -> QuerySet[SandboxMessage]:
    """The built-in provider has accepted no message twice."""
    return repeated(SandboxMessage.objects.all(), "message_id")


@invariant(SandboxMessage)
def what_the_sandbox_took_counts_as_taken() -> QuerySet[SandboxMessage]:
    """What the built-in provider accepted is sent, or not yet known to be."""
    on_its_way = (MessageState.SENDING, MessageState.UNKNOWN)
    ours = OutgoingMessage.objects.filter(
        pk=OuterRef("message_id"), state__in=(*TAKEN, *on_its_way)
    )
    return SandboxMessage.objects.filter(~Exists(ours))
