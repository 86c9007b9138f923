"""The embedded broker: Celery's folder of files, without what ends a worker there."""

import logging
from typing import Any

from kombu import transport
from kombu.transport import filesystem

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Passes over files that hold no message."""

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The next message; Empty when none is left.

        A file is without one while it is being written, and stays so on a full disk.
        Such a hint is lost, which costs seconds: the row it hints at is still there.
        """
        while True:
            try:
                return super()._get(queue)
            except ValueError as error:
                logger.warning("A hint could not be read: %s", error)


class Transport(filesystem.Transport):
    """What `filesystem://` stands for in this project."""

    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport, in this process."""
    transport.TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
