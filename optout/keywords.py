"""What an inbound text means: the lists' own words joined with the built-in ones."""

from optout import keyword_rules
from optout.keyword_rules import Match
from optout.models import Channel, KeywordRole
from optout.prepared import Prepared

_OWN = Prepared("SELECT folded, role, list_id FROM optout_keyword ORDER BY id")


def folded(text: str) -> str:
    """The form in which two keywords are the same word: its bare words."""
    return keyword_rules.spoken(text)


def decide(channel: Channel, text: str) -> Match:
    """Opt out, come back, help, review or nothing; with the rule that decided it.

    Changes nothing. The playground shows the same answer that inbound acts on.
    """
    own = _OWN.fetch_all({})
    return keyword_rules.match(
        text,
        own_opt_out={
            word: list_id for word, role, list_id in own if role != KeywordRole.START
        },
        own_start={
            word: list_id for word, role, list_id in own if role == KeywordRole.START
        },
        disabled=frozenset(channel.disabled_core_words),
        yes_means_start=channel.yes_means_start,
    )
