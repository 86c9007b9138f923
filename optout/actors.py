"""Who does something: a user, an API key, or a program of ours."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Actor:
    """`user_id` where a person was logged in; `label` is kept for ever beside it."""

    user_id: int | None = None
    label: str = ""


NOBODY = Actor()


def actor_of(user: Any) -> Actor:
    """The actor behind a request's user: a log-in, or the bearer of an API key."""
    return Actor(user_id=user.pk, label=user.get_username())


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen when somebody opted out: erasable, kept in the ledger."""

    text: str = ""
    provider_message_id: str = ""
    ip: str | None = None
    user_agent: str = ""
    wording: str = ""
    tier: str = ""
    note: str = ""
    outgoing_id: int | None = None


NO_EVIDENCE = Evidence()
