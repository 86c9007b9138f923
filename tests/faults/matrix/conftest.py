"""The site that the rows of the fault matrix share."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from tests.faults.installation import database_at
from tests.faults.matrix.site import Site, open_site


@pytest.fixture(scope="package")
def shared_site(django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """One for all rows: to start it takes longer than most rows do."""
    # Beside the run's own data, in memory where the system has one.
    folder = Path(tempfile.mkdtemp(prefix="site-", dir=os.environ["OPTOUT_DATA"]))
    with (
        django_db_blocker.unblock(),
        open_site(folder, embedded=settings.EMBEDDED) as site,
    ):
        yield site


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    """The site in fair weather, and this process's ORM on its database."""
    with database_at(**shared_site.database()):
        shared_site.heal()
        yield shared_site
