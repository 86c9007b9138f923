"""The product, loaded: race processes are forked from the process that imports this."""

import django

django.setup()

from tests.faults import racers  # noqa: E402, F401
