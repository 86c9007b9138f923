"""A provider whose answers a test chooses; it remembers what it took."""

from collections import Counter, deque
from collections.abc import Iterable
from typing import ClassVar

from optout.addresses import AddressKind
from optout.channels.base import (
    Accepted,
    NoAnswer,
    NotNow,
    Outgoing,
    Refused,
    Transport,
    register,
)

ACCEPT, REFUSE, NOT_NOW = "accept", "refuse", "not now"
SILENT, SILENT_AND_TOOK = "silent", "silent and took it"
ANSWERS = (ACCEPT, REFUSE, NOT_NOW, SILENT, SILENT_AND_TOOK)
_A_DAY = 86_400.0


@register
class ScriptedProvider(Transport):
    """One provider for all channels of the kind: its plan, its calls, what it holds."""

    kind = "scripted"
    label = "Scripted provider"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 980
    can_look_up = True

    plan: ClassVar[deque[str]] = deque()
    calls: ClassVar[list[tuple[int, str]]] = []
    taken: ClassVar[Counter[int]] = Counter()

    @classmethod
    def start(cls, plan: Iterable[str] = ()) -> None:
        """Answer the next calls like this, and accept those that come after."""
        cls.plan = deque(plan)
        cls.calls = []

    @classmethod
    def forget(cls) -> None:
        """A new provider."""
        cls.start()
        cls.taken = Counter()

    def send(self, message: Outgoing) -> Accepted:
        answer = self.plan.popleft() if self.plan else ACCEPT
        self.calls.append((message.message_id, answer))
        if answer in (ACCEPT, SILENT_AND_TOOK):
            self.taken[message.message_id] += 1
        if answer == REFUSE:
            raise Refused("No such person.")
        if answer == NOT_NOW:
            raise NotNow("Too much.", retry_after_seconds=_A_DAY)
        if answer != ACCEPT:
            raise NoAnswer("Silence.")
        return Accepted(f"sp-{message.message_id}")

    def look_up(self, message_id: int) -> Accepted | None:
        return Accepted(f"sp-{message_id}") if self.taken[message_id] else None
