"""Column types of ours: JSON that is stored encrypted."""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


def _cipher() -> MultiFernet:
    return _cipher_of(tuple(settings.OPTOUT_SECRETS_KEYS))


@lru_cache(maxsize=4)
def _cipher_of(keys: tuple[str, ...]) -> MultiFernet:
    """Kept, as making it costs more than what it deciphers."""
    return MultiFernet([Fernet(key) for key in keys])


def seal(value: Any) -> str:
    """Encrypt JSON for the database, with the first key."""
    return _cipher().encrypt(json.dumps(value).encode()).decode()


def unseal(text: str) -> Any:
    """Read what `seal` wrote, with whichever key it was; empty text is empty JSON."""
    return json.loads(_cipher().decrypt(text.encode())) if text else {}


class EncryptedJSONField(models.TextField):  # type: ignore[type-arg]
    """JSON encrypted at rest: the first key encrypts, all of them decrypt."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return self.to_python(value)

    def to_python(self, value: Any) -> Any:
        return unseal(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> str:
        return seal(value)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        if value in ({}, "", None) and not self.blank:
            raise ValidationError(self.error_messages["blank"], code="blank")
