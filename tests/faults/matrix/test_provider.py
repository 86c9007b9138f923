"""The provider stalls, cuts its answer short or talks nonsense: rows 19 and 20.

What it may have taken is `unknown`: never sent again blindly, and `sent` once where the
provider can be asked.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from optout import sender, tasks
from optout.models import Channel, MessageState, OutgoingMessage
from tests.factories import ASHA, LEENA, drain, make_batch, make_channel, queue
from tests.faults.http_provider import GOOD, Manners, ProviderServer
from tests.faults.proxy import FAIR, RESET_AFTER_FIRST_BYTE, Proxy, Weather
from tests.smtp_servers import MAIL_END, BareSmtp, Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

DEADLINE_SECONDS, USUAL_DEADLINE_SECONDS = 1.0, sender.DEADLINE_SECONDS
FINAL_DOT = b"\r\n.\r\n"


@pytest.fixture(autouse=True)
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "DEADLINE_SECONDS", DEADLINE_SECONDS)


def work() -> None:
    """What a worker does in some ticks: send, sweep, ask about what is unknown.

    With time for every call, as on a slow machine a fair one takes long, too.
    """
    with pytest.MonkeyPatch.context() as fair:
        fair.setattr(sender, "DEADLINE_SECONDS", USUAL_DEADLINE_SECONDS)
        for _ in range(2):
            drain()
            tasks.sweep()


def state_of(message: OutgoingMessage) -> str:
    message.refresh_from_db()
    return message.state


# SMTP: nobody can be asked


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def mail_proxy(mailbox: Mailbox) -> Iterator[Proxy]:
    with Proxy(mailbox.port) as proxy:
        yield proxy


def mail_channel(server: Any, **more: object) -> Channel:
    """An SMTP channel to a server or the proxy before it."""
    options = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    return make_channel(201, email=True, kind="smtp", options=options | more)


@pytest.mark.parametrize(
    "weather",
    [
        pytest.param(Weather(stalls=True, after=FINAL_DOT), id="stall"),
        pytest.param(
            Weather(answer_bytes=0, resets=True, after=FINAL_DOT), id="reset at once"
        ),
        pytest.param(
            Weather(answer_bytes=1, resets=True, after=FINAL_DOT),
            id="reset after a byte",
        ),
        pytest.param(Weather(answer_bytes=2, after=FINAL_DOT), id="cut after 25"),
    ],
)
def test_a_mail_whose_verdict_got_lost_is_never_sent_again(
    mailbox: Mailbox, mail_proxy: Proxy, weather: Weather
) -> None:
    batch = make_batch(mail_channel(mail_proxy))
    lost = queue(batch, LEENA)
    mail_proxy.be(weather)
    drain()
    mail_proxy.be(FAIR)
    after = queue(batch, "next@example.org")
    work()
    assert (state_of(lost), state_of(after)) == (MessageState.UNKNOWN, "sent")
    assert [mail.recipient for mail in mailbox.mails] == [LEENA, "next@example.org"]


def test_a_mail_that_is_refused_after_the_final_dot_is_failed_and_not_sent_again() -> (
    None
):
    turns = {MAIL_END: b"554 5.6.0 Not wanted\r\n"}
    with BareSmtp(turns) as server:
        message = queue(make_batch(mail_channel(server)), LEENA)
        work()
    assert state_of(message) == MessageState.FAILED
    assert "554 5.6.0 Not wanted" in message.error
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    "weather", [RESET_AFTER_FIRST_BYTE, Weather(answer_bytes=2)], ids=["reset", "cut"]
)
def test_trouble_before_the_mail_delays_it_and_doubles_nothing(
    mailbox: Mailbox, mail_proxy: Proxy, weather: Weather
) -> None:
    message = queue(make_batch(mail_channel(mail_proxy)), LEENA)
    mail_proxy.be(weather)
    drain()
    assert (state_of(message), mailbox.mails) == (MessageState.QUEUED, [])
    mail_proxy.be(FAIR)
    OutgoingMessage.objects.update(next_at=message.created_at)
    work()
    assert (state_of(message), len(mailbox.mails)) == (MessageState.SENT, 1)


# HTTP: the provider can be asked afterwards


@pytest.fixture
def provider() -> Iterator[ProviderServer]:
    with ProviderServer() as server:
        yield server


def http_channel(server: ProviderServer | Proxy) -> Channel:
    return make_channel(980, kind="http_provider", options={"port": server.port})


@pytest.mark.parametrize(
    "manners",
    [
        pytest.param(Manners(body=b"{}"), id="200 without an id"),
        pytest.param(Manners(body=b'{"provider_id": "hp'), id="JSON cut short"),
        pytest.param(Manners(body=b"<html>OK</html>"), id="no JSON"),
        pytest.param(Manners(status=500), id="500 after it accepted"),
        pytest.param(Manners(seconds=3 * DEADLINE_SECONDS), id="200 after a stall"),
    ],
)
def test_an_answer_that_says_nothing_is_settled_by_asking(
    provider: ProviderServer, manners: Manners
) -> None:
    message = queue(make_batch(http_channel(provider)), ASHA)
    provider.manners = manners
    drain()
    assert state_of(message) == MessageState.UNKNOWN
    provider.manners = GOOD
    work()
    assert (state_of(message), message.provider_id) == ("sent", f"hp-{message.pk}")
    assert provider.accepted == {message.pk: 1}


@pytest.mark.parametrize(
    "weather",
    [RESET_AFTER_FIRST_BYTE, Weather(answer_bytes=20), Weather(stalls=True)],
    ids=["reset after the first byte", "cut short", "stall"],
)
def test_an_answer_that_got_lost_is_settled_by_asking(
    provider: ProviderServer, weather: Weather
) -> None:
    with Proxy(provider.port) as proxy:
        message = queue(make_batch(http_channel(proxy)), ASHA)
        proxy.be(weather)
        drain()
        assert state_of(message) == MessageState.UNKNOWN
        proxy.be(FAIR)
        work()
    assert state_of(message) == MessageState.SENT
    assert provider.accepted == {message.pk: 1}


def test_what_the_provider_did_not_take_is_sent_once_after_asking(
    provider: ProviderServer,
) -> None:
    message = queue(make_batch(http_channel(provider)), ASHA)
    provider.manners = Manners(status=500, accepts=False)
    drain()
    assert state_of(message) == MessageState.UNKNOWN
    provider.manners = GOOD
    work()
    assert state_of(message) == MessageState.SENT
    assert provider.accepted == {message.pk: 1}
