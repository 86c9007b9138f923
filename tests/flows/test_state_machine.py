"""Any order of events: the product does what a small model says, and invariants hold.

FAULTS_SEED chooses other orders, FAULTS_MINUTES looks at more of them.
"""

import os
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import (
    addresses,
    barrier,
    entries,
    handover,
    lifts,
    links,
    list_deletion,
    marking,
    reviews,
    sender,
    tasks,
    webhook_delivery,
)
from optout.actors import NOBODY
from optout.models import (
    Channel,
    Hold,
    LiftReason,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    Reason,
    Source,
    WebhookDelivery,
    default_list,
    live_entries,
)
from tests.factories import make_channel, make_list
from tests.flows.model import EVERYWHERE, Batch, Message, Model
from tests.flows.scripted_provider import ANSWERS, ScriptedProvider
from tests.invariants import assert_invariants_hold
from tests.servers import Receiver, Reply
from tests.teambox.people import UNCLEAR, say

SEED = os.environ.get("FAULTS_SEED")
MINUTES = int(os.environ.get("FAULTS_MINUTES", "0"))
EXAMPLES = MINUTES * 10 or 4
STEPS = 25
ASK_EVERY = 1 if MINUTES else 5  # forty questions cost more than the step

NUMBERS = ["+34600111222", "+5531999990000", "+12025550199"]
SPELLINGS = {
    "+34600111222": ["+34 600 111 222", "0034600111222", "whatsapp:+34600111222"],
    "+5531999990000": ["+55 31 9999-0000", "5531999990000"],
    "+12025550199": ["+1 (202) 555-0199", "12025550199"],
}
CHANNELS = (980, 981)

people = st.sampled_from(NUMBERS)
channels = st.sampled_from(CHANNELS)
numbers = st.integers(0, 9)
_receiver: list[Receiver] = []


def pick(rows: Any, number: int) -> Any:
    """One of some rows: as Hypothesis shrinks, the first."""
    found = list(rows)
    return found[number % len(found)]


def spelled(person: str, number: int) -> str:
    return str(pick(SPELLINGS[person], number))


def empty_database() -> None:
    """As a migrated installation is: faster than a flush."""
    kept = {"channel": {"channel_id": 0}, "optoutlist": {"is_default": True}}
    kept |= {"keyword": {"folded": "stop"}, "workspace": {"pk": 1}}
    with transaction.atomic():
        OutgoingBatch.lists.through.objects.all()._raw_delete(connection.alias)
        for app in ("optout", "teambox", "broadcaster"):
            for model in apps.get_app_config(app).get_models():
                stays = kept.get(model._meta.model_name or "")
                rows = model._default_manager.all()
                gone = rows.exclude(**stays) if stays else rows
                gone._raw_delete(gone.db)


class Product(RuleBasedStateMachine):
    """Every rule does one thing at the product's doors, and the same in the model."""

    def __init__(self) -> None:
        super().__init__()
        empty_database()
        ScriptedProvider.forget()
        self.receiver = _receiver[0]
        self.receiver.requests.clear()
        self.channels = {
            pk: make_channel(pk, kind=ScriptedProvider.kind) for pk in CHANNELS
        }
        default = default_list()
        OptOutList.objects.filter(pk=default.pk).update(
            webhook_url=f"{self.receiver.url}/hook"
        )
        self.model = Model(default.pk, {default.pk: default.name})
        self.keywords: dict[int, str] = {}
        self.lost: dict[int, OutgoingMessage] = {}
        self.browser = Client()
        self.steps = 0

    # Doors in

    def adopt_answer(self, person: str) -> None:
        """The product has queued one answer to the person, and no more."""
        known = list(self.model.messages)
        key = addresses.parse(person).key
        [row] = OutgoingMessage.objects.filter(key=key).exclude(pk__in=known)
        batch = Batch(row.batch_id, row.channel_id, set(), is_marketing=False)
        self.model.messages[row.pk] = Message(row.pk, person, batch)

    @rule(person=people, channel=st.sampled_from((EVERYWHERE, *CHANNELS)), n=numbers)
    def staff_opts_out(self, person: str, channel: int, n: int) -> None:
        chosen = pick([self.model.default, *self.keywords], n)
        address = addresses.parse(spelled(person, n))
        request = entries.Request((address,), (chosen,), channel_id=channel)
        done = entries.opt_out(request, source=Source.API, reason=Reason.STAFF)
        assert done.in_flight == self.model.on_their_way(person)
        is_new = self.model.opt_out(person, channel, chosen, by_person=False)
        assert bool(done.created) == is_new

    @rule(person=people, channel=channels, n=numbers)
    def person_says_stop(self, person: str, channel: int, n: int) -> None:
        words = {self.model.default: "Stop. Thank you", **self.keywords}
        chosen = pick(words, n)
        sender_text = spelled(person, n)
        done = say(self.channels[channel], words[chosen], sender=sender_text)
        assert done.outcome == "opted_out"
        if self.model.opt_out(person, channel, chosen, by_person=True):
            self.adopt_answer(person)

    @rule(person=people, channel=channels)
    def person_says_start(self, person: str, channel: int) -> None:
        say(self.channels[channel], "START", sender=person)
        self.model.come_back(person, channel)
        self.adopt_answer(person)

    @rule(person=people, channel=channels)
    def person_is_unclear(self, person: str, channel: int) -> None:
        assert say(self.channels[channel], UNCLEAR, sender=person).outcome == "review"
        self.model.held.add((person, channel))

    @precondition(lambda self: self.model.held)
    @rule(n=numbers)
    def staff_dismisses_a_review(self, n: int) -> None:
        person, channel = pick(sorted(self.model.held), n)
        held = Hold.objects.get(address=person, channel=channel, state="waiting")
        assert reviews.dismiss(held, actor=NOBODY)
        self.model.held.remove((person, channel))

    @precondition(lambda self: self.marketing())
    @rule(n=numbers)
    def person_clicks_unsubscribe(self, n: int) -> None:
        message = pick(self.marketing(), n)
        answer = self.browser.post(
            f"/u/{links.token(message.pk)}/", {"List-Unsubscribe": "One-Click"}
        )
        assert answer.status_code == 200
        self.model.opt_out(
            message.person, message.batch.channel, self.model.default, by_person=True
        )

    @precondition(lambda self: self.model.live)
    @rule(n=numbers)
    def staff_lifts(self, n: int) -> None:
        person, channel, chosen = place = pick(sorted(self.model.live), n)
        key = addresses.parse(person).key
        [entry] = lifts.of_address(key, [chosen], [channel])
        power = lifts.Power(guarded=True, legal=True)
        lifts.lift([entry.pk], source=Source.PAGE, power=power, reason=LiftReason.TEST)
        del self.model.live[place]

    # Lists

    @precondition(lambda self: len(self.keywords) < 4)
    @rule()
    def staff_makes_a_list(self) -> None:
        number = len(self.keywords)
        made = make_list(f"List {number}", f"LEAVE {number} NOW")
        self.keywords[made.pk] = f"leave {number} now"
        self.model.active.add(made.pk)

    @precondition(lambda self: len(self.model.active) > 1)
    @rule(n=numbers, m=numbers, moves=st.booleans())
    def staff_deletes_a_list(self, n: int, m: int, moves: bool) -> None:
        gone = pick(sorted(self.model.active - {self.model.default}), n)
        target = pick(sorted(self.model.active - {gone}), m) if moves else None
        list_deletion.delete(
            OptOutList.objects.get(pk=gone),
            move_to=OptOutList.objects.get(pk=target) if target else None,
            reason="test",
        )
        stands_in = target or self.model.default
        self.model.delete_list(gone, stands_in, keeps_entries=moves)

    # Sends

    def marketing(self) -> list[Message]:
        found = self.model.messages.values()
        return [message for message in found if message.batch.is_marketing]

    @rule(channel=channels, who=st.sets(people, min_size=1), n=numbers)
    def marketer_launches(self, channel: int, who: set[str], n: int) -> None:
        made = broadcasts.create(
            name="Sale", channel=self.channels[channel], actor=NOBODY
        )
        broadcasts.write(made, Words(text="Sale! Reply STOP to opt out."))
        rows = "\n".join(["number", *(spelled(person, n) for person in sorted(who))])
        broadcasts.set_recipients(made, ContentFile(rows.encode()), file_name="p.csv")
        chosen = pick(sorted(self.model.active), n)
        broadcasts.set_lists(made, [chosen])
        assert preparing.launch(made, actor=NOBODY)
        lists = {self.model.default, chosen}
        batch = self.model.batches[made.pk] = Batch(made.batch_id, channel, lists)
        for row in OutgoingMessage.objects.filter(batch=made.batch):
            person = next(p for p in who if addresses.parse(p).key == row.key)
            self.model.messages[row.pk] = Message(row.pk, person, batch)
        self.model.withhold(batch)

    @precondition(lambda self: self.model.batches)
    @rule(n=numbers, act=st.sampled_from(("pause", "resume", "cancel")))
    def marketer_stops_or_goes_on(self, n: int, act: str) -> None:
        pk = pick(self.model.batches, n)
        batch = self.model.batches[pk]
        allowed = {"pause": ["running"], "resume": ["paused"]}
        may = batch.state in allowed.get(act, ["running", "paused"])
        assert getattr(broadcasts, act)(Broadcast.objects.get(pk=pk)) == may
        if may and act == "cancel":
            self.model.cancel(batch)
        elif may:
            batch.state = "paused" if act == "pause" else "running"

    @precondition(lambda self: self.model.batches and self.keywords)
    @rule(n=numbers, m=numbers)
    def marketer_adds_a_list(self, n: int, m: int) -> None:
        """Also one that was deleted since the page was opened."""
        pk, chosen = pick(self.model.batches, n), pick(self.keywords, m)
        added = OptOutList.objects.get(pk=chosen)
        broadcasts.add_list(Broadcast.objects.get(pk=pk), added)
        self.model.batches[pk].lists.add(chosen)
        self.model.withhold(self.model.batches[pk])

    @rule(plan=st.lists(st.sampled_from(ANSWERS), max_size=4))
    def a_worker_sends(self, plan: list[str]) -> None:
        leaving = self.model.leaving()
        ScriptedProvider.start(plan)
        while sender.send_due(seconds=0.2):
            pass
        answers = dict(ScriptedProvider.calls)
        assert len(answers) == len(ScriptedProvider.calls), "one call for each message"
        for message in leaving:
            if self.model.is_blocked(message):
                message.state = "suppressed"
            else:
                assert message.pk in answers, f"left behind: {message}"
                message.answered(answers.pop(message.pk))
        assert not answers, "a message left that had to stay"

    @precondition(lambda self: self.model.leaving())
    @rule(n=numbers, took=st.booleans())
    def a_sender_dies(self, n: int, took: bool) -> None:
        """After its claim; before the provider's answer was written down, or the call.

        What is withheld never gets as far as the provider.
        """
        message = pick(self.model.leaving(), n)
        batch = OutgoingBatch.objects.get(pk=message.batch.pk)
        Channel.objects.update(paced_until=None)
        for claimed in handover.claim(batch, 1).messages:
            lost = self.model.messages[claimed.pk]
            assert lost in self.model.leaving()
            lost.state, lost.attempt = "sending", claimed.attempt
            self.lost[claimed.pk] = claimed
            if took and not self.model.is_blocked(lost):
                ScriptedProvider.taken[lost.pk] += 1
                lost.is_taken = True

    @precondition(lambda self: self.lost)
    @rule(n=numbers)
    def a_sender_comes_back(self, n: int) -> None:
        """It was not dead: it writes down what it knows, however late."""
        claimed = self.lost.pop(pick(self.lost, n))
        message = self.model.messages[claimed.pk]
        if message.is_taken:
            handover.record_sent(claimed, "late")
            message.state = message.reached()
        else:
            handover.give_back(claimed)
            if message.state == "sending":
                message.come_back()
                message.attempt -= 1

    @rule()
    def a_lease_goes_by_and_the_sweep_looks(self) -> None:
        OutgoingMessage.objects.filter(state="sending").update(lease_until=long_ago())
        tasks.sweep()
        self.model.sweep(set(self.lost))
        self.lost = {pk: row for pk, row in self.lost.items() if row.pk is None}

    @precondition(lambda self: +ScriptedProvider.taken)
    @rule(n=numbers, what=st.sampled_from(("delivered", "read")))
    def the_provider_sends_a_receipt(self, n: int, what: str) -> None:
        message = self.model.messages[pick(sorted(ScriptedProvider.taken), n)]
        if not ScriptedProvider.taken[message.pk]:
            return
        now = timezone.now()
        times = {"delivered_at": None, "read_at": None} | {f"{what}_at": now}
        handover.record_receipt(message_id=message.pk, **times)
        message.is_taken = True
        message.receipts.add(what)
        if message.state != "sending":
            message.state = message.reached()

    @rule()
    def waits_are_over(self) -> None:
        now = timezone.now()
        OutgoingMessage.objects.filter(state="queued").update(next_at=now)
        WebhookDelivery.objects.filter(state="retry").update(next_at=now)
        for message in self.model.messages.values():
            message.is_due = True

    @rule(is_up=st.booleans())
    def a_worker_delivers_webhooks(self, is_up: bool) -> None:
        self.receiver.default = Reply(200 if is_up else 503)
        while webhook_delivery.deliver_due():
            pass

    # After each step

    @invariant()
    def the_product_is_as_the_model_says(self) -> None:
        found = dict(OutgoingMessage.objects.values_list("pk", "state"))
        expected = {pk: m.state for pk, m in self.model.messages.items()}
        assert found == expected
        rows = live_entries().values_list("key", "channel", "list")
        by_key = {addresses.parse(number).key: number for number in NUMBERS}
        assert {(by_key[k], c, pk) for k, c, pk in rows} == set(self.model.live)
        assert all(number <= 1 for number in ScriptedProvider.taken.values())
        assert WebhookDelivery.objects.count() == self.model.webhooks.total()
        self.steps += 1
        if self.steps % ASK_EVERY == 0:
            assert_invariants_hold()

    def teardown(self) -> None:
        """Everything comes to rest: sent exactly once or withheld, nothing is lost."""
        for pk, batch in self.model.batches.items():
            if batch.state == "paused":
                broadcasts.resume(Broadcast.objects.get(pk=pk))
                batch.state = "running"
        for _ in range(2):
            self.waits_are_over()
            self.a_lease_goes_by_and_the_sweep_looks()
            self.a_worker_sends([])
        self.a_worker_delivers_webhooks(True)
        self.waits_are_over()
        self.a_worker_delivers_webhooks(True)
        self.the_product_is_as_the_model_says()
        self.everything_is_at_rest()

    def everything_is_at_rest(self) -> None:
        assert_invariants_hold()
        assert not self.model.of_state("queued", "sending", "unknown")
        taken = {pk for pk, number in ScriptedProvider.taken.items() if number}
        sent = {m.pk for m in self.model.of_state("sent", "delivered", "read")}
        assert sent == taken
        assert set(WebhookDelivery.objects.values_list("state", flat=True)) <= {
            "delivered"
        }
        posted = {r.headers["webhook-id"] for r in self.receiver.requests}
        assert posted == set(
            WebhookDelivery.objects.values_list("webhook_id", flat=True)
        )
        bodies = Counter(WebhookDelivery.objects.values_list("body", flat=True))
        assert bodies.total() == self.model.webhooks.total()


def long_ago() -> Any:
    return timezone.now() - marking.LEASE


class FastClock(SimpleNamespace):
    """A clock that a wait moves on, so that no wait takes any time."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def receiver(settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    settings.WEBHOOK_ALLOW_HTTP = True
    with Receiver() as running:
        settings.OUTBOUND_ALLOWED_HOSTS = [running.netloc]
        _receiver[:] = [running]
        yield


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_whatever_happens_in_whatever_order(
    receiver: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(barrier, "time", FastClock())
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=SEED is None,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    machine = seed(int(SEED))(Product) if SEED else Product
    run_state_machine_as_test(machine, settings=profile)
