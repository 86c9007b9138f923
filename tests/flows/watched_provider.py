"""A provider that looks, at each hand-over, whether the person had opted out before."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar
from uuid import UUID

from optout import addresses
from optout.addresses import AddressKind
from optout.channels.base import Accepted, Outgoing, Transport, register


@register
class WatchedProvider(Transport):
    """Takes everything. `look` is asked about each person before, `after` called then.

    It works in the sender's own thread, so that a test knows what came before what.
    """

    kind = "watched"
    label = "Watched provider"
    address_kinds = (AddressKind.PHONE,)
    first_channel_id = 970
    threads = 1

    look: ClassVar[Callable[[UUID, int], None]]
    after: ClassVar[Callable[[int], None]]
    taken: ClassVar[Counter[tuple[UUID, str]]] = Counter()

    @classmethod
    def watch(
        cls, look: Callable[[UUID, int], None], after: Callable[[int], None]
    ) -> None:
        """From now on, and as if nothing had been taken yet."""
        cls.look, cls.after = look, after
        cls.taken = Counter()

    @classmethod
    @contextmanager
    def looking_away(cls) -> Iterator[None]:
        """What is taken inside was never seen."""
        before = cls.look, cls.after
        cls.watch(lambda key, channel: None, lambda calls: None)
        yield
        cls.watch(*before)

    def send(self, message: Outgoing) -> Accepted:
        key = addresses.parse(message.address).key
        type(self).look(key, self.connection.channel_id)
        self.taken[key, message.text] += 1
        type(self).after(self.taken.total())
        return Accepted(f"w-{message.message_id}")
