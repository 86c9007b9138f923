"""The secrets of an embedded installation: made once, kept in the data folder."""

import fcntl
import json
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

FILE_NAME = "secrets.json"


def load_secrets(folder: Path) -> dict[str, str]:
    """The secrets kept in `folder`, made on the first call.

    Processes that start at once end with the same secrets. Raises
    ImproperlyConfigured for a file that is not readable: making new secrets would
    make every stored address and credential useless.
    """
    path = folder / FILE_NAME
    with (folder / f".{FILE_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write(path, _new_secrets())
    return _read(path)


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "OPTOUT_HASH_KEY": secrets.token_hex(32),
        "OPTOUT_SECRETS_KEYS": Fernet.generate_key().decode(),
        "OPTOUT_LINK_KEYS": f"k1:{secrets.token_urlsafe(32)}",
    }


def _write(path: Path, values: dict[str, str]) -> None:
    """Write all or nothing, on disk before it has its name."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(values, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, str]:
    try:
        values = {
            name: str(value) for name, value in json.loads(path.read_text()).items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error
    missing = sorted(_new_secrets().keys() - values.keys())
    if missing:
        raise ImproperlyConfigured(f"{path} lacks {', '.join(missing)}.")
    return values
