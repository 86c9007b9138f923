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
    Mutant(
        "no barrier",
        "optout/barrier.py",
        "left = handover.on_their_way(keys)",
        "left = set()",
        ("tests/faults/test_race.py", "tests/optout/test_sender.py -k in_flight"),
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
