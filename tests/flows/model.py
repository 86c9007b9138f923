"""The product in plain Python: what ought to be, after each step."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from tests.flows.scripted_provider import (
    ACCEPT,
    NOT_NOW,
    REFUSE,
    SILENT_AND_TOOK,
)

MAX_ATTEMPTS = 5
EVERYWHERE = 0

Place = tuple[str, int, int]  # person, channel, list


@dataclass(eq=False)
class Batch:
    """A send: its lists, and whether it runs."""

    pk: int
    channel: int
    lists: set[int]
    state: str = "running"
    is_marketing: bool = True


@dataclass(eq=False)
class Message:
    """One message: its state, and what the provider holds and says of it."""

    pk: int
    person: str
    batch: Batch
    state: str = "queued"
    attempt: int = 0
    is_due: bool = True
    is_taken: bool = False
    receipts: set[str] = field(default_factory=set)

    def reached(self) -> str:
        """How far a message is that the provider took."""
        return next((s for s in ("read", "delivered") if s in self.receipts), "sent")

    def come_back(self) -> None:
        """Queued again, unless its batch was cancelled meanwhile."""
        is_over = self.batch.state == "cancelled"
        self.state = "cancelled" if is_over else "queued"

    def answered(self, answer: str) -> None:
        """What the provider's answer to one call does."""
        self.attempt += 1
        if answer == ACCEPT:
            self.state, self.is_taken = self.reached(), True
        elif answer == REFUSE or (answer == NOT_NOW and self.attempt >= MAX_ATTEMPTS):
            self.state = "failed"
        elif answer == NOT_NOW:
            self.is_due = False
        else:
            self.state, self.is_taken = "unknown", answer == SILENT_AND_TOOK


class Model:
    """Who is out of what, which messages there are, which webhooks were promised."""

    def __init__(self, default: int, hooked: dict[int, str]) -> None:
        self.default = default
        self.hooked = hooked
        self.active = {default}
        self.replaced_by: dict[int, int] = {}
        self.live: dict[Place, tuple[int, bool]] = {}  # when, whether by the person
        self.held: set[tuple[str, int]] = set()
        self.batches: dict[int, Batch] = {}
        self.messages: dict[int, Message] = {}
        self.webhooks: Counter[tuple[str, str, int]] = Counter()
        self._clock = count()

    # Lists and entries

    def chain(self, opt_out_list: int) -> list[int]:
        """A list and those that replaced it, one by one."""
        found = [opt_out_list]
        while found[-1] in self.replaced_by:
            found.append(self.replaced_by[found[-1]])
        return found

    def opt_out(
        self, person: str, channel: int, opt_out_list: int, *, by_person: bool
    ) -> bool:
        """Whether that is a new entry: then its webhook is promised."""
        chosen = self.chain(opt_out_list)[-1]
        place = (person, channel, chosen)
        if place in self.live:
            return False
        self.live[place] = (next(self._clock), by_person)
        if chosen in self.hooked:
            self.webhooks[self.hooked[chosen], person, channel] += 1
        return True

    def come_back(self, person: str, channel: int) -> None:
        """START ends what the person made in the default list on this channel."""
        place = (person, channel, self.default)
        if self.live.get(place, (0, False))[1]:
            del self.live[place]

    def delete_list(self, gone: int, target: int, *, keeps_entries: bool) -> None:
        """Entries move, the older of two stays; selections ask the target, too."""
        self.active.discard(gone)
        self.replaced_by[gone] = target
        for person, channel, where in list(self.live):
            if where == gone:
                entry = self.live.pop((person, channel, gone))
                if keeps_entries:
                    place = (person, channel, target)
                    self.live[place] = min(entry, self.live.get(place, entry))
        for batch in self.batches.values():
            if gone in batch.lists:
                batch.lists.add(target)

    def is_blocked(self, message: Message) -> bool:
        """The gate: may this message not be written?"""
        batch = message.batch
        lists = {pk for chosen in batch.lists for pk in self.chain(chosen)}
        is_out = any(
            (message.person, channel, pk) in self.live
            for pk in lists
            for channel in (EVERYWHERE, batch.channel)
        )
        is_held = (message.person, batch.channel) in self.held
        return batch.is_marketing and (is_out or is_held)

    # Messages

    def of_state(self, *states: str) -> list[Message]:
        return [found for found in self.messages.values() if found.state in states]

    def withhold(self, batch: Batch) -> None:
        """The gate over what a batch has queued, at its launch or for a new list."""
        for message in self.of_state("queued"):
            if message.batch is batch and self.is_blocked(message):
                message.state = "suppressed"

    def on_their_way(self, person: str) -> list[int]:
        return sorted(m.pk for m in self.of_state("sending") if m.person == person)

    def leaving(self) -> list[Message]:
        """What a sender takes in hand now."""
        return [
            found
            for found in self.of_state("queued")
            if found.is_due
            and found.batch.state == "running"
            and (found.batch.is_marketing or not self.on_their_way(found.person))
        ]

    def cancel(self, batch: Batch) -> None:
        batch.state = "cancelled"
        for message in self.of_state("queued"):
            if message.batch is batch:
                message.come_back()

    def sweep(self, lost: set[int]) -> None:
        """Lost messages are asked about; what is done is finished, what is not runs."""
        for message in self.of_state("sending"):
            if message.pk in lost:
                message.state = "unknown"
        for message in self.of_state("unknown"):
            if message.is_taken:
                message.state = message.reached()
            else:
                message.come_back()
                message.is_due = True
        for batch in self.batches.values():
            if batch.is_marketing and batch.state in ("running", "finished"):
                left = self.of_state("queued", "sending")
                is_left = any(message.batch is batch for message in left)
                batch.state = "running" if is_left else "finished"
