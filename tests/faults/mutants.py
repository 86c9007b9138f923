"""Each mechanism of the promise, broken once: a test has to turn red.

python -m tests.faults.mutants [NAME …]    all, or these; `make mutants`

Works in a copy of the repository. A mutant that no test notices, or whose line is not
there any more, fails the run.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOTH = ("sqlite", "postgresql")
CRASH = "tests/faults/test_crash_points.py"


@dataclass(frozen=True)
class Mutant:
    """With `after` for `before`, which `file` holds once, the `tests` have to fail."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    engine: str = "sqlite"


MUTANTS = (
    # Opting out
    Mutant(
        "an opt-out waits for no send",
        "optout/barrier.py",
        "left = handover.on_their_way(keys)",
        "left = set()",
        ("tests/optout/test_sender.py",),
    ),
    Mutant(
        "no lock on the key",
        "optout/entries.py",
        "    locks.lock_keys(keys)\n"
        "    lists = resolve({pk for request in requests for pk in request.list_ids})\n"
        "    register",
        "    lists = resolve({pk for request in requests for pk in request.list_ids})\n"
        "    register",
        ("tests/optout/test_concurrent_opt_outs.py",),
        engine="postgresql",
    ),
    Mutant(
        "SQLite takes the write lock late",
        "optout_project/settings.py",
        '"transaction_mode": "IMMEDIATE"',
        '"transaction_mode": "DEFERRED"',
        ("tests/optout/test_concurrent_opt_outs.py",),
    ),
    Mutant(
        "national variants of a number are other numbers",
        "optout/phone_numbers.py",
        'return "".join(filter(None, variant.groups())) if variant else digits',
        "return digits",
        ("tests/optout/test_addresses.py",),
    ),
    Mutant(
        "START wins a tie",
        "optout/lifts.py",
        "return (entry.asked_at or entry.created_at) < asked_at",
        "return (entry.asked_at or entry.created_at) <= asked_at",
        ("tests/teambox/test_convergence.py",),
    ),
    Mutant(
        "looking at an unsubscribe link uses it",
        "optout/views/unsubscribe_pages.py",
        'return render(request, "optout/unsubscribe.html"',
        "unsubscribe.leave(invitation, source=Source.LINK,"
        ' evidence=_evidence(request, ""))\n'
        '    return render(request, "optout/unsubscribe.html"',
        ("tests/optout/test_unsubscribe_pages.py",),
    ),
    # Sending
    Mutant(
        "a gate that cannot answer lets everything through",
        "optout/sender.py",
        "return partial(handover.give_back, message, GATE_WAIT)",
        "return None",
        ("tests/optout/test_sender.py",),
    ),
    Mutant(
        "any hashing key will do",
        "optout/gate.py",
        "if ours == _trusted_fingerprint:",
        "if True:",
        ("tests/optout/test_sender.py",),
    ),
    Mutant(
        "the short question forgets who left all channels",
        "optout/gate.py",
        "AND channel_id IN (0, %(channel)s)\n              AND ended_at",
        "AND channel_id IN (%(channel)s)\n              AND ended_at",
        ("tests/optout/test_sender.py", "tests/flows/test_any_door.py"),
    ),
    Mutant(
        "what replaced a list is not looked at",
        "optout/gate.py",
        "ON l.id = selected.replaced_by_id\n",
        "ON l.id = selected.replaced_by_id AND 1 = 0\n",
        ("tests/optout/test_sender.py",),
    ),
    Mutant(
        "no fence: a call may start after its lease",
        "optout/sender.py",
        "fence = claimed_at + marking.LEASE.total_seconds()",
        "fence = claimed_at + 1e9",
        ("tests/faults/matrix/test_frozen_sender.py",),
        engine="postgresql",
    ),
    Mutant(
        "a result counts for a later claim too",
        "optout/handover.py",
        "        lease_until=message.lease_until,\n",
        "",
        ("tests/optout/test_handover.py",),
    ),
    Mutant(
        "what a dead sender had is sent again",
        "optout/handover.py",
        'state=MessageState.UNKNOWN,\n        error="The sender stopped',
        'state=MessageState.QUEUED,\n        error="The sender stopped',
        (CRASH, "-k", "after_accept"),
    ),
    Mutant(
        "silence is sent again",
        "optout/handover.py",
        "state=MessageState.UNKNOWN,\n        error=reason",
        "state=MessageState.QUEUED,\n        error=reason",
        ("tests/faults/matrix/test_provider.py",),
    ),
    Mutant(
        "a finished send stays finished",
        "optout/tasks.py",
        "    outbox.reopen()\n",
        "",
        (CRASH, "-k", "after_mark"),
    ),
    Mutant(
        "the confirmation waits for no other message",
        "optout/marking.py",
        "_choose_last if batch.purpose == Purpose.LIST_MESSAGE else _choose",
        "_choose",
        ("tests/teambox/test_keyword_requests.py",),
    ),
    Mutant(
        "a claim does not look at the hours",
        "optout/marking.py",
        "if self.own and hours.closed_for_all(self.own, self.now):",
        "if False:",
        ("tests/optout/test_pace.py",),
    ),
    Mutant(
        "a send keeps to its channel's rate alone",
        "optout/due.py",
        "{_IS_UNPACED.format(row='b')}",
        "1 = 1",
        ("tests/optout/test_pace.py",),
    ),
    Mutant(
        "an audience is read from its start after a crash",
        "broadcaster/preparing.py",
        "skip=row.rows_read",
        "skip=0",
        (CRASH, "-k", "audience"),
    ),
    # Webhooks
    Mutant(
        "a webhook is written after the commit",
        "optout/webhooks.py",
        "list(group))\n    ]\n    if deliveries:\n        insert(deliveries)\n",
        "list(group))\n    ]\n    if deliveries:\n"
        "        __import__('django.db.transaction', fromlist=['*']).on_commit("
        "lambda: insert(deliveries))\n",
        (CRASH, "-k", "after_commit"),
    ),
    Mutant(
        "redirects are followed",
        "optout/egress.py",
        "redirect=False",
        "redirect=True",
        ("tests/optout/test_egress.py",),
    ),
    Mutant(
        "only the first address of a name is looked at",
        "optout/destinations.py",
        "any(is_denied(address) for address in addresses)",
        "is_denied(addresses[0])",
        ("tests/hostile/test_webhook_urls.py",),
    ),
    # Conversations
    Mutant(
        "an agent writes first to who has opted out",
        "teambox/conversations.py",
        "    return not conversation.lines.filter(kind=LineKind.INBOUND).exists()\n",
        "    return False\n",
        ("tests/teambox/test_teambox_pages.py",),
    ),
    Mutant(
        "trouble with a conversation hides what the keyword did",
        "teambox/inbound.py",
        "        did = _did(handled)\n",
        "",
        ("tests/teambox/test_conversations.py",),
    ),
    Mutant(
        "an import's place is written before its rows",
        "optout/import_work.py",
        "    with transaction.atomic(durable=True):\n        take",
        "    with __import__('contextlib').nullcontext():\n        take",
        ("tests/optout/test_imports.py",),
    ),
    # Doors
    Mutant(
        "a copy of an inbound message counts again",
        "teambox/inbound.py",
        "    if is_first:\n",
        "    if True:\n",
        ("tests/teambox/test_inbound.py",),
    ),
    Mutant(
        "a repeated API call is done again",
        "optout/idempotency.py",
        "if row.status is not None:",
        "if row.status == 0:",
        ("tests/optout/test_api_idempotency.py",),
    ),
    Mutant(
        "values are expanded again",
        "optout/content.py",
        "value = values.get(name) or fallback",
        "value = compiled(values.get(name) or fallback).render({}) or fallback",
        ("tests/hostile/test_personalisation.py",),
    ),
    Mutant(
        "formulas leave as they are",
        "optout/exports.py",
        """return f"'{text}" if _UNSAFE.match(text) else text""",
        "return text",
        ("tests/optout/test_export.py",),
    ),
)


@contextmanager
def copied() -> Iterator[Path]:
    """The files that git knows, in a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="optout-mutants-"))
    names = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        text=True,
    )
    try:
        for name in filter(None, names.split("\0")):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def broken(folder: Path, mutant: Mutant) -> Iterator[None]:
    """The copy with this one mechanism broken."""
    path = folder / mutant.file
    right = path.read_text()
    if right.count(mutant.before) != 1:
        sys.exit(f"{mutant.name}: {mutant.file} does not hold {mutant.before!r} once.")
    path.write_text(right.replace(mutant.before, mutant.after))
    try:
        yield
    finally:
        path.write_text(right)


def is_noticed(folder: Path, mutant: Mutant) -> bool:
    """Whether its tests turn red, as tests do: an error of pytest's own is no proof."""
    command = [sys.executable, "-m", "pytest", "--engine", mutant.engine, "-q", "-x"]
    done = subprocess.run(
        [*command, *mutant.tests],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{mutant.name}: the tests did not run.\n{done.stdout[-2000:]}")
    return done.returncode == 1


def main() -> int:
    """Try them one after another; how many went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    chosen = parser.parse_args().names
    unnoticed = 0
    with copied() as folder:
        for mutant in MUTANTS:
            if chosen and mutant.name not in chosen:
                continue
            with broken(folder, mutant):
                noticed = is_noticed(folder, mutant)
            unnoticed += not noticed
            print("red   " if noticed else "GREEN ", mutant.name, flush=True)  # noqa: T201
    return unnoticed


if __name__ == "__main__":
    sys.exit(main())
