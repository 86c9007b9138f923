"""The demo: whole after one run, the same after two, and made by the real flows."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Model
from pytest_django.plugin import DjangoDbBlocker

from broadcaster.models import Broadcast
from optout import outbox
from optout.models import (
    Channel,
    DeliveryState,
    Entry,
    Hold,
    LedgerEvent,
    OptOutList,
    Reason,
    SandboxMessage,
    WebhookDelivery,
    Workspace,
    live_entries,
)
from teambox.models import (
    CannedReply,
    Contact,
    Conversation,
    InboundEvent,
    Line,
    SmartReplyRun,
)
from tests.standing import standing

pytestmark = pytest.mark.django_db

COUNTED: list[type[Model]] = [User, Channel, OptOutList, Entry, LedgerEvent]
COUNTED += [WebhookDelivery, SandboxMessage, Broadcast, InboundEvent]
COUNTED += [Contact, Conversation, Line, CannedReply, SmartReplyRun]


@pytest.fixture(scope="module")
def _demo(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    with standing(django_db_blocker, tmp_path_factory.mktemp("demo")):
        seed()
        yield


def seed(**options: bool) -> None:
    call_command("seed_demo", verbosity=0, yes=True, **options)


def counts() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in COUNTED}


def values_of(column: str) -> set[str]:
    return set(Entry.objects.values_list(column, flat=True))


def test_production_is_left_alone_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EMBEDDED", False)
    before = counts()
    with pytest.raises(CommandError, match="--yes"):
        call_command("seed_demo")
    assert counts() == before


@pytest.mark.usefixtures("_demo")
def test_a_second_run_adds_nothing() -> None:
    before = counts()
    seed()
    assert counts() == before


@pytest.mark.usefixtures("_demo")
def test_what_people_changed_stays_changed() -> None:
    Workspace.objects.update(name="Ours")
    OptOutList.objects.filter(name="Newsletter").update(message="Our own words")
    Channel.objects.filter(pk=900).update(name="Our phone")
    seed()
    assert Workspace.load().name == "Ours"
    assert OptOutList.objects.get(name="Newsletter").message == "Our own words"
    assert Channel.objects.get(pk=900).name == "Our phone"


@pytest.mark.usefixtures("_demo")
def test_each_role_can_log_in_with_its_name() -> None:
    for name, role in [("agent", "Agent"), ("admin", "Admin")]:
        user = User.objects.get(username=name)
        assert user.check_password(name)
        assert list(user.groups.values_list("name", flat=True)) == [role]
    assert list(User.objects.filter(is_superuser=True)) == [user]


@pytest.mark.usefixtures("_demo")
def test_the_entries_tell_two_months() -> None:
    assert 110 < live_entries().count() < Entry.objects.count() < 135
    days = {entry.created_at.date() for entry in Entry.objects.all()}
    assert len(days) > 30 and 50 < (max(days) - min(days)).days <= 61
    assert values_of("address_kind") == {"phone", "email"}
    assert len(values_of("source")) >= 8
    assert values_of("reason_code") == {*Reason.values} - {"bounce"}


@pytest.mark.usefixtures("_demo")
def test_an_entry_and_the_ledger_agree_on_when() -> None:
    told = LedgerEvent.objects.filter(kind="opted_out")
    at = dict(told.values_list("entry_id", "at"))
    assert set(at) == set(Entry.objects.values_list("pk", flat=True))
    apart = [abs(at[entry.pk] - entry.created_at) for entry in Entry.objects.all()]
    assert max(apart) < timedelta(seconds=1)


@pytest.mark.usefixtures("_demo")
def test_the_broadcast_was_sent_and_kept_from_those_who_opted_out() -> None:
    sale = Broadcast.objects.get(name="Autumn sale")
    found = outbox.counts(sale.batch)
    assert sale.status == "finished" and found["total"] == sum(
        found[state] for state in ("sent", "delivered", "read", "suppressed")
    )
    assert found["read"] > found["suppressed"] > 5
    refused = sale.batch.messages.filter(state="suppressed").first()
    assert refused is not None and refused.error == "Optout Number"
    assert Broadcast.objects.get(name="November newsletter").status == "draft"


@pytest.mark.usefixtures("_demo")
def test_people_wrote_back() -> None:
    outcomes = InboundEvent.objects.order_by("id").values_list("outcome", flat=True)
    first = ["opted_out", "opted_out", "review", "message", "help"]
    assert list(outcomes)[:5] == first
    states = Conversation.objects.values_list("state", "assignee__username")
    assert {("open", None), ("open", "agent"), ("solved", "agent")} <= set(states)
    assert Hold.objects.count() == 2
    told = SandboxMessage.objects.values_list("text", flat=True)
    assert sum("You will get no more" in text for text in told) == 2


@pytest.mark.usefixtures("_demo")
def test_no_webhook_is_left_to_be_posted_soon() -> None:
    states = list(WebhookDelivery.objects.values_list("state", flat=True))
    assert states.count(DeliveryState.DELIVERED) == len(states) - 2
    waiting = WebhookDelivery.objects.get(state=DeliveryState.RETRY)
    assert waiting.attempts == len(waiting.tries) == 7
    assert (waiting.next_at - waiting.created_at).total_seconds() > 12 * 3600
