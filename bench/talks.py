"""Ten thousand conversations among a million messages, for the Teambox to show."""

from dataclasses import dataclass

from django.contrib.auth.models import Group, User

from bench import data
from bench.data import execute, multiply, without_indexes
from optout import addresses, outbox
from optout.access import Role
from optout.addresses import AddressKind
from optout.models import (
    BatchState,
    Channel,
    Content,
    Entry,
    Hold,
    OptOutList,
    OutgoingMessage,
    Purpose,
    Reason,
    Source,
    default_list,
)
from teambox.models import Contact, ContactAddress, Conversation, Line

# At scale 1: each broadcast goes to five times as many as have written to us.
CONVERSATIONS, RECIPIENTS, BROADCASTS = 10_000, 50_000, 20
LINES = 10  # in a conversation
CHANNEL_ID = 700_002

_FIRST = 10_000_001  # people of the other benches have lower numbers
_TALKER = f"(SELECT n - {_FIRST - 1} AS i, key, address FROM bench_talker) p"
_WHO = {"key": "p.key", "address": "p.address"}
# What is new is seldom read: each hundredth row waits for an agent.
_LINE = {
    "conversation_id": "c.id",
    "kind": "CASE l % 3 WHEN 0 THEN 'note' ELSE 'inbound' END",
    "text": "'Where is my parcel? I ask for the time number ' || l",
    "at": "c.last_at - ({lines} - l) * interval '1 hour'",
}
_VERSIONS = """
UPDATE teambox_conversation c SET version = l.version
FROM (SELECT conversation_id, max(id) AS version FROM teambox_line GROUP BY 1) l
WHERE l.conversation_id = c.id
"""


@dataclass(frozen=True, slots=True)
class Talks:
    """Who talks with us, on which channel, and the agent who has half of it."""

    channel: Channel
    agent: User
    people: int

    def number(self, person: int) -> str:
        """The number of one of them, counted from 0; a higher one wrote earlier."""
        return data.number(_FIRST + person % self.people)


def load(scale: float) -> Talks:
    """Fill the tables: contacts, conversations, entries, holds, broadcasts."""
    channel = Channel.objects.create(
        channel_id=CHANNEL_ID,
        name="Bench of talks",
        kind="sandbox",
        address_kind=AddressKind.PHONE,
        sender="+15550100",
    )
    agent = User.objects.create_user("bench agent")
    agent.groups.add(Group.objects.get(name=Role.AGENT))
    talks = Talks(channel, agent, max(int(CONVERSATIONS * scale), 200))
    recipients = max(int(RECIPIENTS * scale), talks.people)
    data.put_people("bench_talker", _FIRST, _FIRST + recipients - 1)
    _put_contacts(talks)
    _put_conversations(talks)
    _put_withheld(talks)
    _put_broadcasts(talks)
    for model in (Contact, ContactAddress, Conversation, Line, Entry, OutgoingMessage):
        data.vacuum(model)
    return talks


def _put_contacts(talks: Talks) -> None:
    names = {"name": "'Talker ' || p.i"}
    multiply(Contact.objects.create(), names, _talkers(talks))
    template = ContactAddress.objects.create(
        contact=Contact.objects.earliest("id"),
        kind=AddressKind.PHONE,
        key=_nobody().key,
    )
    filed = f"{_TALKER} JOIN teambox_contact k ON k.name = 'Talker ' || p.i ORDER BY i"
    multiply(template, _WHO | {"contact_id": "k.id"}, filed)


def _put_conversations(talks: Talks) -> None:
    template = Conversation.objects.create(
        channel=talks.channel,
        kind=AddressKind.PHONE,
        key=_nobody().key,
        preview="Where is my parcel? I ask for the time number 10",
    )
    varied = {
        "state": "CASE WHEN p.i % 4 = 0 THEN 'solved' ELSE 'open' END",
        "assignee_id": f"CASE WHEN p.i % 2 = 0 THEN {talks.agent.pk} END",
        "last_at": "t.last_at - p.i * interval '1 minute'",
    }
    multiply(template, _WHO | varied, _talkers(talks))
    first = Conversation.objects.earliest("id")
    mine = f"teambox_conversation c WHERE c.channel_id = {CHANNEL_ID}"
    counted = mine.replace(" WHERE", f", generate_series(1, {LINES}) l WHERE")
    values = _LINE | {"at": _LINE["at"].format(lines=LINES)}
    multiply(Line.objects.create(conversation=first), values, f"{counted} ORDER BY l")
    execute(_VERSIONS)


def _put_withheld(talks: Talks) -> None:
    """One talker in ten is on a list, one in a hundred under review."""
    who = {"key": _nobody().key, "channel": talks.channel}
    entry = Entry.objects.create(
        **who,
        list=default_list(),
        address_kind=AddressKind.PHONE,
        source=Source.PANEL,
        reason_code=Reason.STAFF,
    )
    multiply(entry, _WHO, f"{_TALKER} WHERE i % 10 = 0 ORDER BY i")
    hold = Hold.objects.create(**who, address_kind=AddressKind.PHONE, reason="stop")
    multiply(hold, _WHO, f"{_TALKER} WHERE i % 100 = 1 ORDER BY i")


def _put_broadcasts(talks: Talks) -> None:
    lists: list[OptOutList] = [default_list()]
    batches = [
        outbox.open_batch(
            channel=talks.channel,
            purpose=Purpose.BROADCAST,
            lists=lists,
            state=BatchState.FINISHED,
        )
        for _ in range(BROADCASTS)
    ]
    template = OutgoingMessage.objects.create(
        batch=batches[0],
        content=Content.objects.create(text="Hello {{name}}, see our sale."),
        channel=talks.channel,
        key=_nobody().key,
        variables={"name": "Asha"},
    )
    values = {
        "batch_id": "b.id",
        "state": "CASE WHEN p.i % 10 = 0 THEN 'suppressed' ELSE 'delivered' END",
        "sent_at": "t.created_at - b.id * interval '1 day'",
    }
    ids = ", ".join(f"({batch.pk})" for batch in batches)
    source = f"(VALUES {ids}) b (id), {_TALKER} ORDER BY b.id, p.i"
    with without_indexes(OutgoingMessage):
        multiply(template, _WHO | values, source)


def _talkers(talks: Talks) -> str:
    return f"{_TALKER} WHERE p.i <= {talks.people} ORDER BY p.i"


def _nobody() -> addresses.Address:
    return addresses.parse_phone("+34700000000")
