"""The state machine, whole: what is sent meanwhile, and what holds after each step."""

import os
from collections import Counter
from datetime import datetime

from django.core.files.base import ContentFile
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from broadcaster import broadcasts, preparing
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout import addresses, handover, marking, sender, tasks, webhook_delivery
from optout.actors import NOBODY
from optout.models import (
    Channel,
    OptOutList,
    OutgoingBatch,
    OutgoingMessage,
    WebhookDelivery,
    live_entries,
)
from tests.faults.tally import Tally
from tests.flows.model import Batch, Message
from tests.flows.opt_outs_machine import (
    NUMBERS,
    OptOuts,
    channels,
    numbers,
    people,
    pick,
    spelled,
)
from tests.flows.scripted_provider import ANSWERS, ScriptedProvider
from tests.invariants import assert_invariants_hold
from tests.servers import Reply

# Forty questions cost more than the step.
ASK_EVERY = 1 if os.environ.get("FAULTS_MINUTES") else 5


class Product(OptOuts):
    """Opt-outs, and sends in all their states."""

    tally: Tally  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.lost: dict[int, handover.Message] = {}
        self.steps = 0

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
        self.tally.add(faults=1)
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
        self.tally.add(sends=len(sent), duplicates=0, lost=len(sent ^ taken))
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


def long_ago() -> datetime:
    return timezone.now() - marking.LEASE
