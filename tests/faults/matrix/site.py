"""The site under fault: an installation, its provider and receiver, and proxies."""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from optout import addresses, outbox
from optout.access import Role, create_api_key
from optout.models import (
    Channel,
    Content,
    DeliveryEvent,
    Entry,
    MessageState,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Purpose,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.factories import make_list
from tests.faults.http_provider import GOOD, ProviderServer
from tests.faults.installation import KNOBS, Installation, database_at
from tests.faults.postgres import Postgres
from tests.faults.proxy import FAIR, Proxy
from tests.faults.redis_server import RedisServer
from tests.faults.tally import Tally
from tests.servers import LOOPBACK, Receiver, free_port
from tests.waiting import wait_until

CHANNEL, MUTE_CHANNEL = 980, 981
EVERYTHING = ("web", "worker", "beat")


@dataclass
class Site:
    """What a row of the matrix works on; each test has people of its own."""

    installation: Installation
    provider: ProviderServer
    receiver: Receiver
    postgres: Postgres | None = None  # none of these on SQLite
    web_database: Proxy | None = None
    worker_database: Proxy | None = None
    redis: RedisServer | None = None
    redis_proxy: Proxy | None = None
    promotions_id: int = 0
    tally: Tally = field(default_factory=lambda: Tally("site"))  # each test has its own
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100_000))

    @property
    def promotions(self) -> OptOutList:
        """The list whose opt-outs go to the receiver."""
        return OptOutList.objects.get(pk=self.promotions_id)

    def database(self) -> dict[str, object]:
        """Where this process finds the site's rows, past the proxy."""
        if self.postgres is None:
            return {"NAME": self.installation.folder / "optout.sqlite3"}
        found = {"NAME": "postgres", "USER": "postgres", "PASSWORD": ""}
        return found | {"HOST": LOOPBACK, "PORT": self.postgres.port}

    @property
    def default_id(self) -> int:
        """The default list's id."""
        return default_list().pk

    def batches_to(self, people: list[str]) -> list[OutgoingBatch]:
        """Batches that have a message to any of these."""
        to = OutgoingMessage.objects.filter(address__in=people)
        return list(OutgoingBatch.objects.filter(pk__in=to.values("batch")))

    # What a test sets up

    def run(self, *names: str, knobs: Mapping[str, object] = KNOBS) -> None:
        """These processes run, and no others; those that do already go on."""
        wanted = names if not self.installation.is_embedded else _embedded(names)
        running = self.installation.processes
        for name in [*running]:
            if name not in wanted or running[name].poll() is not None:
                self.installation.kill(name)
        missing = [name for name in wanted if name not in running]
        self.installation.start(*missing, knobs=knobs)

    def people(self, count: int) -> list[str]:
        """Numbers that nobody else has."""
        return [f"+34600{next(self._numbers)}" for _ in range(count)]

    def queue(
        self, people: list[str], *, batches: int = 1, channel_id: int = CHANNEL
    ) -> list[OutgoingBatch]:
        """A marketing message to each, in each of some batches."""
        content = Content.objects.create(text="Hello")
        parsed = [addresses.parse(number) for number in people]
        to = [outbox.Recipient(found.key, found.address) for found in parsed]
        made = [self._open_batch(channel_id) for _ in range(batches)]
        for batch in made:
            outbox.put_many(batch, content, to)
        return made

    def _open_batch(self, channel_id: int) -> OutgoingBatch:
        return outbox.open_batch(
            channel=Channel.objects.get(pk=channel_id),
            purpose=Purpose.API,
            lists=[default_list(), self.promotions],
            unsubscribe_list=self.promotions,
        )

    def wait_for_calls(self, more: int) -> None:
        """Until the provider was called so often again: senders are in the middle."""
        wanted = self.provider.begun + more
        wait_until(lambda: self.provider.begun >= wanted, "the senders send")

    # What has to hold after a fault

    def wait_until_settled(self, batches: list[OutgoingBatch]) -> None:
        """Until every message of these is sent or withheld; nothing is left open."""
        with self.tally.recovering():
            wait_until(lambda: self.is_settled(batches), "all messages are settled")

    def is_settled(self, batches: list[OutgoingBatch]) -> bool:
        """Whether nothing of these is left open."""
        settled = (MessageState.SENT, MessageState.SUPPRESSED)
        left = OutgoingMessage.objects.filter(batch__in=batches)
        return not left.exclude(state__in=settled).exists()

    def assert_each_left_once(self, batches: list[OutgoingBatch]) -> None:
        """What is sent was accepted exactly once, and nothing else was accepted."""
        messages = OutgoingMessage.objects.filter(batch__in=batches)
        sent = set(
            messages.filter(state=MessageState.SENT).values_list("id", flat=True)
        )
        ours = set(messages.values_list("id", flat=True))
        accepted = Counter(
            {pk: n for pk, n in self.provider.accepted.items() if pk in ours}
        )
        self.tally.add(
            sends=len(sent),
            duplicates=accepted.total() - len(accepted),
            lost=len(sent - accepted.keys()),
            unknown=messages.filter(state=MessageState.UNKNOWN).count(),
        )
        assert accepted == Counter(dict.fromkeys(sent, 1))

    def assert_opted_out(self, people: list[str]) -> None:
        """Each has exactly one live entry, and its webhook has come."""
        keys = [addresses.parse(number).key for number in people]
        live = live_entries().filter(key__in=keys, list=self.promotions_id)
        found = Counter(live.values_list("key", flat=True))
        self.tally.add(opt_outs=len(keys), lost=(Counter(keys) - found).total())
        assert found == Counter(keys)
        wait_until(self.is_all_delivered, "all webhooks are delivered")
        self.assert_webhooks_match()

    def is_all_delivered(self) -> bool:
        """Whether every webhook was taken."""
        return not WebhookDelivery.objects.exclude(state="delivered").exists()

    def assert_webhooks_match(self) -> None:
        """One delivery for each entry, and each has reached the receiver."""
        entries = Entry.objects.filter(list=self.promotions_id).count()
        of_entries = WebhookDelivery.objects.filter(event=DeliveryEvent.OPTED_OUT)
        ids = set(of_entries.values_list("webhook_id", flat=True))
        received = {r.headers["webhook-id"] for r in self.receiver.requests}
        assert len(ids) == entries
        assert ids <= received

    def assert_no_call_after(self, told_at: Mapping[str, float]) -> None:
        """No call to a number began after its opt-out was told to be effective."""
        late = [
            call
            for call in self.provider.calls
            if call.started_at > told_at.get(call.address, float("inf"))
        ]
        self.tally.add(violations=len(late))
        assert late == []

    # Faults

    def crash_database(self) -> None:
        """Stop PostgreSQL at once, and start it again."""
        assert self.postgres is not None
        self.postgres.stop_at_once()
        self.postgres.start()
        self.forget_connections()

    def forget_connections(self) -> None:
        """This process's own connection did not survive."""
        connections.close_all()

    def empty_broker(self) -> None:
        """All hints and ticks are gone."""
        if self.redis is not None:
            self.redis.client().flushall()
        for file in (self.installation.folder / "broker" / "messages").glob("*"):
            file.unlink(missing_ok=True)

    @contextmanager
    def broker_away(self) -> Iterator[None]:
        """Redis hangs. The broker made of files cannot: there nobody looks at it."""
        if self.redis is None:
            yield
            return
        self.redis.freeze()
        try:
            yield
        finally:
            self.redis.thaw()

    def heal(self) -> None:
        """Fair weather on every side again."""
        self.provider.manners = GOOD
        for name in self.installation.processes:
            self.installation.thaw(name)
        for proxy in (self.web_database, self.worker_database, self.redis_proxy):
            if proxy is not None:
                proxy.be(FAIR)


def _embedded(names: tuple[str, ...]) -> tuple[str, ...]:
    """The one worker of an embedded installation has beat inside."""
    return tuple(name for name in names if name != "beat")


@contextmanager
def open_site(folder: Path, *, embedded: bool) -> Iterator[Site]:
    """A migrated site with a list, two channels and an API key; no process runs yet."""
    with ExitStack() as stack:
        provider = stack.enter_context(ProviderServer())
        receiver = stack.enter_context(Receiver())
        installation = Installation(folder, free_port(), _environment(receiver))
        site = Site(installation, provider, receiver)
        if not embedded:
            _add_servers(site, stack)
        stack.callback(installation.close)
        with database_at(**site.database()):
            _fill(site)
        yield site


def _environment(receiver: Receiver) -> dict[str, str]:
    return {"OUTBOUND_ALLOWED_HOSTS": receiver.netloc, "WEBHOOK_ALLOW_HTTP": "1"}


def _add_servers(site: Site, stack: ExitStack) -> None:
    """PostgreSQL and Redis, each behind a proxy."""
    folder = site.installation.folder
    site.postgres = stack.enter_context(Postgres(folder, free_port()))
    site.redis = stack.enter_context(RedisServer(folder, free_port()))
    site.web_database = stack.enter_context(Proxy(site.postgres.port))
    site.worker_database = stack.enter_context(Proxy(site.postgres.port))
    site.redis_proxy = stack.enter_context(Proxy(site.redis.port))
    site.installation.environment |= {
        "DATABASE_URL": site.postgres.url(site.worker_database.port),
        "REDIS_URL": site.redis.url(site.redis_proxy.port),
    }
    web_url = site.postgres.url(site.web_database.port)
    site.installation.own = {"web": {"DATABASE_URL": web_url}}


def _fill(site: Site) -> None:
    call_command("migrate", interactive=False, verbosity=0)
    promotions = make_list()
    promotions.webhook_url = f"{site.receiver.url}/opt-outs"
    promotions.save()
    site.promotions_id = promotions.pk
    for channel_id, kind in (
        (CHANNEL, "http_provider"),
        (MUTE_CHANNEL, "mute_provider"),
    ):
        Channel.objects.create(
            channel_id=channel_id,
            name=kind,
            kind=kind,
            address_kind="phone",
            rate=10_000,
            options={"port": site.provider.port},
        )
    _, site.installation.key = create_api_key(name="faults", role=Role.ADMIN)
