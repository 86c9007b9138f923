"""The product, loaded: children are forked from the process that imports this."""

import django

django.setup()

from tests.faults import pumps, racers, web  # noqa: E402, F401
