"""A real mail server in a process of its own, as the world's are, with a Maildir."""

import mailbox
import socket
import subprocess
import sys
import time
from email.message import Message
from pathlib import Path
from typing import Self

from tests.servers import LOOPBACK, free_port

START_SECONDS = 20


class MailServer:
    """aiosmtpd by its own command line; every accepted mail is a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "mails"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def options(self) -> dict[str, object]:
        """The options of an smtp channel that delivers here."""
        return {"host": LOOPBACK, "port": self.port, "security": "none"}

    def mails(self) -> list[Message]:
        """Every mail the server has taken."""
        return list(mailbox.Maildir(str(self.folder)))

    def clear(self) -> None:
        """Throw the mails away."""
        mailbox.Maildir(str(self.folder)).clear()

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "aiosmtpd", "-n", "-u"]
        command += ["-l", f"{LOOPBACK}:{self.port}", "-c", "aiosmtpd.handlers.Mailbox"]
        self._process = subprocess.Popen([*command, str(self.folder)])
        _wait_until_it_listens(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


def recipient(mail: Message) -> str:
    """Whom the envelope named."""
    return str(mail["X-RcptTo"])


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
