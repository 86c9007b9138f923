"""Two months of opt-outs of the demo, made by the flows that make real ones."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.utils import timezone

from optout import entries, lifts
from optout.actors import NOBODY, Actor, Evidence, actor_of
from optout.addresses import Address
from optout.models import (
    ALL_CHANNELS,
    Entry,
    LiftReason,
    OptOutList,
    Reason,
    Source,
)
from optout_project.demo.people import person

DAYS = 60
PHONE, MAILBOX = 900, 901
_GOLDEN = 0.618034  # spreads numbers evenly without looking regular


@dataclass(frozen=True, slots=True)
class Kind:
    """Some opt-outs that came the same way: how many, which list and channel."""

    count: int
    source: Source
    reason: Reason
    list_name: str
    channel_id: int
    by: str = ""
    said: str = ""
    tier: str = ""
    note: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether the person did it, at a time of their own."""
        return self.reason == Reason.PERSON and not self.by

    def evidence(self) -> Evidence:
        is_link = self.source in (Source.LINK, Source.ONE_CLICK)
        return Evidence(
            text=self.said,
            wording=self.said,
            tier=self.tier,
            note=self.note,
            ip="203.0.113.7" if is_link else None,
            user_agent="Mozilla/5.0" if is_link else "",
        )


DEFAULT, PROMOTIONS, NEWSLETTER = "", "Promotions", "Newsletter"
_IMPORT_NOTE = "From the old mailing tool"

KINDS = (
    Kind(30, Source.KEYWORD, Reason.PERSON, DEFAULT, PHONE, "", "STOP", "exact"),
    Kind(9, Source.KEYWORD, Reason.PERSON, DEFAULT, PHONE, "", "please stop", "polite"),
    Kind(8, Source.KEYWORD, Reason.PERSON, PROMOTIONS, PHONE, "", "PROMO OFF", "exact"),
    Kind(16, Source.ONE_CLICK, Reason.PERSON, NEWSLETTER, MAILBOX),
    Kind(12, Source.LINK, Reason.PERSON, PROMOTIONS, MAILBOX),
    Kind(9, Source.PANEL, Reason.STAFF, DEFAULT, ALL_CHANNELS, "agent"),
    Kind(
        *(4, Source.PANEL, Reason.PERSON, DEFAULT, ALL_CHANNELS, "agent"),
        note="Asked on the phone",
    ),
    Kind(6, Source.PAGE, Reason.STAFF, PROMOTIONS, ALL_CHANNELS, "compliance"),
    Kind(6, Source.API, Reason.STAFF, NEWSLETTER, MAILBOX, note="Closed the account"),
    Kind(4, Source.PROVIDER, Reason.PROVIDER, DEFAULT, PHONE),
    Kind(4, Source.PROVIDER, Reason.COMPLAINT, DEFAULT, MAILBOX),
    Kind(2, Source.PAGE, Reason.LEGAL, DEFAULT, ALL_CHANNELS, "admin", note="Court"),
    Kind(
        *(12, Source.IMPORT, Reason.IMPORTED, DEFAULT, ALL_CHANNELS, "compliance"),
        note=_IMPORT_NOTE,
    ),
)

Act = Callable[[], object]
Event = tuple[datetime, Act]


def make(lists: Mapping[str, OptOutList], users: Mapping[str, User]) -> None:
    """Opt the made-up people out; who stands in the tables already is left alone.

    No webhook is posted and no message is sent. Every ninth comes back later.
    """
    known = set(Entry.objects.values_list("key", flat=True).distinct())
    story = _Story(lists, users)
    events = [
        event
        for number, kind in enumerate(kind for kind in KINDS for _ in range(kind.count))
        if story.address(number, kind).key not in known
        for event in story.events(number, kind)
    ]
    for at, act in sorted(events, key=lambda event: event[0]):
        with clock_at(at):
            act()


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Let the flows write as of an earlier moment, so that all their rows agree.

    Dates put in afterwards would contradict the ledger, which nobody may change.
    """
    with mock.patch.object(timezone, "now", lambda: moment):
        yield


class _Story:
    """Who did what when; the same at each run but for the day it ends."""

    def __init__(
        self, lists: Mapping[str, OptOutList], users: Mapping[str, User]
    ) -> None:
        self.lists, self.users = lists, users
        self.now = timezone.now()

    def events(self, number: int, kind: Kind) -> list[Event]:
        at = self._moment(number, kind)
        found: list[Event] = [(at, lambda: self._opt_out(number, kind, at))]
        back_at = at + timedelta(days=1 + number % 5, minutes=7 * number)
        if number % 9 == 4 and back_at < self.now and kind.reason != Reason.LEGAL:
            found.append((back_at, lambda: self._come_back(number, kind, back_at)))
        return found

    def _moment(self, number: int, kind: Kind) -> datetime:
        """More of them lately; an import happens in one go."""
        if kind.source == Source.IMPORT:
            return self.now - timedelta(days=41)
        part: float = (number * _GOLDEN % 1) ** 1.6
        return self.now - timedelta(days=DAYS) * part - timedelta(minutes=20)

    def address(self, number: int, kind: Kind) -> Address:
        who = person(number)
        is_mail = kind.channel_id == MAILBOX or number % 3 == 2
        is_phone = kind.channel_id == PHONE or not is_mail
        return who.phone_address if is_phone else who.email_address

    def _opt_out(self, number: int, kind: Kind, at: datetime) -> None:
        request = entries.Request(
            addresses=(self.address(number, kind),),
            list_ids=(self.lists[kind.list_name].pk,),
            channel_id=kind.channel_id,
            asked_at=at if kind.is_asked else None,
            evidence=kind.evidence(),
        )
        entries.opt_out_many(
            [request],
            source=kind.source,
            reason=kind.reason,
            actor=self._actor(kind.by),
            post_webhooks=False,
        )

    def _come_back(self, number: int, kind: Kind, at: datetime) -> None:
        """By START where a keyword was the way out, else by an agent who was asked."""
        address = self.address(number, kind)
        list_id = self.lists[kind.list_name].pk
        if kind.source == Source.KEYWORD:
            lifts.come_back(
                address=address,
                channel_id=kind.channel_id,
                list_id=list_id,
                asked_at=at,
                evidence=Evidence(text="START", wording="START", tier="exact"),
            )
            return
        live = lifts.of_address(address.key, [list_id], [kind.channel_id])
        lifts.lift(
            [entry.pk for entry in live],
            source=Source.PANEL,
            power=lifts.Power(guarded=True),
            reason=LiftReason.ASKED_IN_CHAT,
            actor=self._actor("agent"),
        )

    def _actor(self, name: str) -> Actor:
        return actor_of(self.users[name]) if name else NOBODY
