"""What an unsubscribe link does: show, opt out, take back. A GET changes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from optout import entries, lifts, links
from optout.actors import NO_EVIDENCE, Evidence
from optout.addresses import Address, AddressKind, InvalidAddress, parse
from optout.lifts import Power
from optout.models import (
    ALL_CHANNELS,
    Entry,
    LiftReason,
    OptOutList,
    OutgoingMessage,
    Reason,
    Source,
    default_list,
    live_entries,
    live_lists,
    replacement_of,
)

# An entry names a message also where the person answered it.
_BY_LINK = (Source.LINK, Source.ONE_CLICK, Source.MAILTO, Source.PREFERENCES)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link leads to: a message, whose address can leave one list with it."""

    message: OutgoingMessage
    opt_out_list: OptOutList
    address: Address

    @property
    def entry(self) -> Entry | None:
        """The live entry this link made, if it is still there."""
        return (
            live_entries()
            .filter(key=self.message.key, list=self.opt_out_list, message=self.message)
            .filter(source__in=_BY_LINK)
            .first()
        )

    @property
    def is_out(self) -> bool:
        return (
            live_entries()
            .filter(
                key=self.message.key,
                list=self.opt_out_list,
                channel__in=(0, self.message.channel_id),
            )
            .exists()
        )


def find(token: str) -> Invitation | None:
    """What a token leads to; None for a token that we did not make.

    A link outlives its list: it then leads to the list that replaced it. It does not
    outlive the address: what was erased is blocked already and leads nowhere.
    """
    message_id = links.read(token)
    if message_id is None:
        return None
    found = OutgoingMessage.objects.select_related(
        "channel", "batch__unsubscribe_list__replaced_by"
    )
    message = found.filter(pk=message_id).first()
    if message is None:
        return None
    chosen = message.batch.unsubscribe_list
    kind = AddressKind(message.channel.address_kind)
    try:
        address = parse(message.address, kind=kind)
    except InvalidAddress:
        return None
    return Invitation(
        message=message,
        opt_out_list=replacement_of(chosen) if chosen else default_list(),
        address=address,
    )


def leave(
    invitation: Invitation, *, source: Source, evidence: Evidence = NO_EVIDENCE
) -> entries.Outcome:
    """Opt the address out of the send's unsubscribe list on the sending channel."""
    request = entries.Request(
        addresses=(invitation.address,),
        list_ids=(invitation.opt_out_list.pk,),
        channel_id=invitation.message.channel_id,
        asked_at=timezone.now(),
        evidence=replace(evidence, outgoing_id=invitation.message.pk),
    )
    return entries.opt_out(request, source=source, reason=Reason.PERSON)


def take_back(invitation: Invitation) -> bool:
    """End the entry that this very link made, and nothing else."""
    entry = invitation.entry
    if entry is None:
        return False
    done = lifts.lift(
        [entry.pk],
        source=Source.LINK,
        power=Power(guarded=True),
        reason=LiftReason.OTHER,
        note="The person came back by the same link.",
    )
    return bool(done.lifted)


# The preference page


@dataclass(frozen=True, slots=True)
class Preference:
    """A list with a public name, and the channels on which the address has left it."""

    opt_out_list: OptOutList
    left_on: tuple[str, ...]
    is_out: bool


def preferences(invitation: Invitation) -> list[Preference]:
    """The lists that people may see, with what this address has left so far.

    The link's own list is among them once it was left: until then the link is the way.
    `is_out` is about the sending channel, the one a choice here would count on.
    """
    left = live_entries().filter(key=invitation.message.key).select_related("channel")
    by_list: dict[int, list[Entry]] = {}
    for entry in left.order_by("channel_id"):
        by_list.setdefault(entry.list_id, []).append(entry)
    here = {ALL_CHANNELS, invitation.message.channel_id}
    found = [_preference(row, by_list.get(row.pk, []), here) for row in _public_lists()]
    own = invitation.opt_out_list
    return [one for one in found if one.opt_out_list != own or one.is_out]


def _preference(
    opt_out_list: OptOutList, left: Sequence[Entry], here: Collection[int]
) -> Preference:
    return Preference(
        opt_out_list=opt_out_list,
        left_on=tuple(entry.channel.name for entry in left),
        is_out=any(entry.channel_id in here for entry in left),
    )


def leave_more(
    invitation: Invitation,
    list_ids: Collection[int],
    *,
    evidence: Evidence = NO_EVIDENCE,
) -> entries.Outcome | None:
    """Opt the address out of these lists too; None where people may see none of them.

    Never puts anybody back: a list that is not named stays as it is.
    """
    chosen = tuple(row.pk for row in _public_lists() if row.pk in set(list_ids))
    if not chosen:
        return None
    request = entries.Request(
        addresses=(invitation.address,),
        list_ids=chosen,
        channel_id=invitation.message.channel_id,
        asked_at=timezone.now(),
        evidence=replace(evidence, outgoing_id=invitation.message.pk),
    )
    return entries.opt_out(request, source=Source.PREFERENCES, reason=Reason.PERSON)


def _public_lists() -> list[OptOutList]:
    return list(live_lists().exclude(public_name=""))
