"""Whatever order messages arrive in, the later one the person wrote decides."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optout.models import Channel, Workspace
from tests.factories import make_channel
from tests.teambox.people import is_out, minute, say

pytestmark = pytest.mark.django_db

_people = count(1)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["STOP", "START"]), st.integers(0, 4), st.booleans()),
    min_size=1,
    max_size=8,
)
quickly = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

Message = tuple[str, int, bool]


def somebody() -> str:
    return f"+3460{next(_people):07}"


def last_word_is_stop(messages: list[Message]) -> bool:
    """By the person's own times; at the same time, opted out wins."""
    stops = [at for word, at, _ in messages if word == "STOP"]
    starts = [at for word, at, _ in messages if word == "START"]
    return max(stops, default=-1) >= max(starts, default=0)


@quickly
@given(messages=MESSAGES)
def test_the_later_message_decides_on_its_channel(
    sms: Channel, messages: list[Message]
) -> None:
    person = somebody()
    for word, at, _ in messages:
        say(sms, word, sender=person, sent_at=minute(at))
    assert is_out(sms, person) == last_word_is_stop(messages)


@quickly
@given(messages=MESSAGES)
def test_the_later_message_decides_on_all_channels_where_one_counts_for_all(
    sms: Channel, messages: list[Message]
) -> None:
    Workspace.objects.update(person_opts_out_everywhere=True)
    other = Channel.objects.filter(pk=901).first() or make_channel(901)
    person = somebody()
    for word, at, elsewhere in messages:
        say(other if elsewhere else sms, word, sender=person, sent_at=minute(at))
    expected = last_word_is_stop(messages)
    assert (is_out(sms, person), is_out(other, person)) == (expected, expected)


@quickly
@given(messages=MESSAGES)
def test_channels_do_not_mix_by_themselves(
    sms: Channel, messages: list[Message]
) -> None:
    other = Channel.objects.filter(pk=901).first() or make_channel(901)
    person = somebody()
    for word, at, elsewhere in messages:
        say(other if elsewhere else sms, word, sender=person, sent_at=minute(at))
    here = [message for message in messages if not message[2]]
    there = [message for message in messages if message[2]]
    assert is_out(sms, person) == last_word_is_stop(here)
    assert is_out(other, person) == last_word_is_stop(there)
