"""`make bench`: run every comparison and print one table.

python -m bench [--scale 0.1] [--only NAME …]
"""

import argparse
import importlib
import sys

from bench.database import database
from bench.table import Row, markdown

# Modules of this folder; each has `lines(scale)`, which yields its lines of the table.
BENCHES = (
    "gate",
    "rivals",
    "preparing",
    "point_check",
    "sending",
    "running",
    "opting_out",
    "webhooks",
    "mail",
    "keywords",
    "pages",
    "reporting",
    "sequences",
    "posts",
)


def main() -> int:
    """Print the table; the exit code is the number of targets that were missed."""
    chosen = _arguments()
    lines = []
    with database():
        for name in chosen.only or BENCHES:
            # Imported late: their models need Django on the database that is up now.
            module = importlib.import_module(f"bench.{name}")
            for line in module.lines(chosen.scale):
                print(
                    "  ".join(filter(None, line.cells())), file=sys.stderr, flush=True
                )
                lines.append(line)
    print(markdown(lines))
    return sum(not line.is_met for line in lines if isinstance(line, Row))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the full size")
    parser.add_argument("--only", nargs="+", choices=BENCHES, help="some of them")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
