"""The first half of the state machine: who opts out and comes back, and the lists."""

from typing import Any

from django.apps import apps
from django.db import transaction
from django.test import Client
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from optout import addresses, entries, lifts, links, list_deletion, reviews
from optout.actors import NOBODY
from optout.models import (
    Hold,
    LiftReason,
    OptOutList,
    OutgoingMessage,
    Reason,
    Source,
    default_list,
)
from tests.factories import make_channel, make_list
from tests.flows.model import EVERYWHERE, Batch, Message, Model
from tests.flows.scripted_provider import ScriptedProvider
from tests.servers import Receiver
from tests.teambox.people import UNCLEAR, say

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
        for app in ("optout", "teambox", "broadcaster"):
            for model in apps.get_app_config(app).get_models(include_auto_created=True):
                stays = kept.get(model._meta.model_name or "")
                rows = model._default_manager.all()
                gone = rows.exclude(**stays) if stays else rows
                gone._raw_delete(gone.db)


class OptOuts(RuleBasedStateMachine):
    """Every rule does one thing at the product's doors, and the same in the model."""

    receiver: Receiver  # set by the test: it stands for as long as all examples

    def __init__(self) -> None:
        super().__init__()
        empty_database()
        ScriptedProvider.forget()
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
        self.browser = Client()

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

    def marketing(self) -> list[Message]:
        found = self.model.messages.values()
        return [message for message in found if message.batch.is_marketing]

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
