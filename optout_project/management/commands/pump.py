"""`manage.py pump`: what beat and workers do, by the clock alone, with no broker."""

import logging
import signal
import threading
from datetime import timedelta
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand
from django.db import connections

from optout.stopping import stopping

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs each task of the beat table in a thread of its own until it is stopped.

    For a broker that is away for long: it may run beside workers, since whoever claims
    a row first has it. SIGTERM and Ctrl-C let it end what it holds.
    """

    help = "Do the work of beat and workers in one process, without a broker."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        current_app.loader.import_default_modules()
        threads = [
            threading.Thread(
                target=_repeat, args=(entry["task"], entry["schedule"], stop)
            )
            for entry in current_app.conf.beat_schedule.values()
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        stopping.set()
        for thread in threads:
            thread.join()


def _repeat(task: str, period: timedelta, stop: threading.Event) -> None:
    """Run a task, and again a period after its end."""
    while not stop.is_set():
        try:
            current_app.tasks[task]()
        except Exception:
            logger.exception("%s failed, and is tried again", task)
        finally:
            connections.close_all()
        stop.wait(period.total_seconds())
