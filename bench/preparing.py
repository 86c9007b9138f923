"""A broadcast from file or contacts to the gate, against a plain INSERT … SELECT."""

import resource
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from io import BytesIO

from bench import data
from bench.data import Data, execute
from bench.gate import probing_filter
from bench.table import Note, Row, Target
from bench.timing import Variant, interleave
from broadcaster import audiences, broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Stage
from optout import withholding
from optout.actors import NOBODY
from optout.models import OutgoingBatch
from teambox.models import Contact, ContactAddress, Tag

WORDS = Words(text="Hi {{first_name|you}}! Reply STOP to opt out.")
CONTACT_WORDS = Words(text="Hi {{name|you}}! Reply STOP to opt out.")
# The person of number n is contact 2n; between them stands somebody without the tag.
_CONTACTS = (
    """
    INSERT INTO teambox_contact (id, name, attributes, created_at, updated_at)
    SELECT 2 * n + other, 'Ana', '{{"plan": "Pro"}}', now(), now()
    FROM bench_person, generate_series(0, 1) other ORDER BY n, other
    """,
    """
    INSERT INTO teambox_contactaddress
        (contact_id, kind, key, address, raw, created_at)
    SELECT 2 * n + other, 'phone',
           CASE other WHEN 0 THEN key ELSE md5(n::text)::uuid END, address, '', now()
    FROM bench_person, generate_series(0, 1) other ORDER BY n, other
    """,
    """
    INSERT INTO teambox_contact_tags (contact_id, tag_id)
    SELECT 2 * n, {tag} FROM bench_person ORDER BY n
    """,
)
_PLAIN_INSERT = """
INSERT INTO optout_outgoingmessage
    (batch_id, content_id, channel_id, key, address, variables, dedupe, state, error,
     error_code, attempt, next_at, provider_id, created_at)
SELECT {batch}, {content}, {channel}, key, address, '{{"first_name": "Ana"}}', 0,
       'queued', '', '', 0, now(), '', now()
FROM bench_person ORDER BY n
"""
_CHILD = """
import django; django.setup()
from bench import preparing
preparing.prepare_and_tell_memory({pk})
"""


def lines(scale: float) -> Iterator[Row | Note]:
    """All of it, then the file's part alone, then the memory it takes."""
    made = data.load(scale)
    ours, contacts, plain = _Ours(made), _FromContacts(made), _Plain(made)
    took = interleave(
        {
            "ours": Variant(ours.run, ours.prepare, data.forget_messages),
            "contacts": Variant(contacts.run, contacts.prepare, data.forget_messages),
            "plain": Variant(plain.run, plain.prepare, data.forget_messages),
            "reading": Variant(ours.read, ours.prepare),
        }
    )
    yield Row(
        f"preparing {made.people:,} from the uploaded file, gate included",
        took["ours"],
        took["plain"],
        "plain INSERT … SELECT and the raw filter",
        Target(1.5),
    )
    yield Row(
        "of that, from rows already read (the difference)",
        took["ours"] - took["reading"],
        took["plain"],
        "the same",
    )
    yield Note("of that, reading the file in Python", f"{took['reading']:.3f} s")
    ours.prepare()
    yield Note("memory of the process that prepares, at most", ours.memory())
    data.forget_messages()
    yield Row(
        f"preparing {made.people:,} from contacts by tag, gate included",
        took["contacts"],
        took["plain"],
        "plain INSERT … SELECT and the raw filter",
        Target(1.5),
    )
    contacts.prepare()
    yield Note("memory of the process that prepares, under 300 MB", contacts.memory())
    data.forget_messages()


class _Ours:
    """The product's way; each turn has a draft and an uploaded file of its own."""

    def __init__(self, made: Data) -> None:
        rows = (f"{data.number(n)},Ana" for n in range(1, made.people + 1))
        self.file = "\n".join(["number,first_name", *rows]).encode()
        self.made = made
        self.draft: Broadcast

    def prepare(self) -> None:
        self.draft = broadcasts.create(
            name="Sale", channel=self.made.channel, actor=NOBODY
        )
        broadcasts.write(self.draft, WORDS)
        broadcasts.set_lists(self.draft, [row.pk for row in self.made.lists])
        broadcasts.set_recipients(
            self.draft, BytesIO(self.file), file_name="people.csv"
        )

    def run(self) -> None:
        prepare(self.draft)

    def read(self) -> None:
        dialect = broadcasts.dialect_of(self.draft)
        layout = preparing.layout_of(self.draft)
        with broadcasts.open_recipients(self.draft) as file:
            deque(audiences.read_rows(file, dialect, layout), maxlen=0)

    def memory(self) -> str:
        """The peak of a process that does nothing else."""
        return memory(self.draft)


class _FromContacts:
    """The product's way from contacts, of whom every second has the tag."""

    def __init__(self, made: Data) -> None:
        self.made = made
        self.tag = Tag.objects.create(name="Bench")
        for statement in _CONTACTS:
            data.execute(statement.format(tag=self.tag.pk))
        for model in (Contact, ContactAddress, Contact.tags.through):
            data.vacuum(model)
        self.draft: Broadcast

    def prepare(self) -> None:
        self.draft = broadcasts.create(
            name="Sale", channel=self.made.channel, actor=NOBODY
        )
        broadcasts.write(self.draft, CONTACT_WORDS)
        broadcasts.set_lists(self.draft, [row.pk for row in self.made.lists])
        broadcasts.set_contacts(self.draft, {"tags": [self.tag.pk]})

    def run(self) -> None:
        prepare(self.draft)

    def memory(self) -> str:
        """The peak of a process that does nothing else."""
        return memory(self.draft)


class _Plain:
    """The same rows by one statement, from a table that has the keys already."""

    def __init__(self, made: Data) -> None:
        self.made = made
        self.batch: OutgoingBatch

    def prepare(self) -> None:
        self.batch = self.made.empty_batch()

    def run(self) -> None:
        execute(
            _PLAIN_INSERT.format(
                batch=self.batch.pk,
                content=self.made.content.pk,
                channel=self.made.channel.pk,
            )
        )
        probing_filter(self.made, self.batch)()


def memory(draft: Broadcast) -> str:
    """What preparing takes at most in a process that does nothing else."""
    child = [sys.executable, "-c", _CHILD.format(pk=draft.pk)]
    told = subprocess.run(child, check=True, capture_output=True, text=True)
    return f"{int(told.stdout):,} MB"


def prepare(draft: Broadcast) -> None:
    """Read, queue and withhold, as a worker and the launch do."""
    preparing.prepare(draft)
    preparing.prepare_due()
    withholding.withhold(draft.batch)


def prepare_and_tell_memory(pk: int) -> None:
    """In a process of its own: print the megabytes it took at most."""
    draft = Broadcast.objects.get(pk=pk)
    prepare(draft)
    draft.refresh_from_db()
    if draft.stage != Stage.READY:
        raise RuntimeError(draft.error)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
