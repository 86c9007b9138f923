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
from tests.faults.tally import Tally
from tests.invariants import assert_invariants_hold


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
def site(shared_site: Site, tally: Tally) -> Iterator[Site]:
    """The site in fair weather, and this process's ORM on its database.

    Whatever a test did to it, every invariant holds afterwards.
    """
    with database_at(**shared_site.database()):
        shared_site.heal()
        shared_site.tally = tally
        tally.add(faults=1)
        yield shared_site
        shared_site.heal()
        assert_invariants_hold()
