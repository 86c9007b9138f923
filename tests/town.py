"""One of everything that pages show, around one person, in the words of a test."""

import csv
import io
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from broadcaster import broadcasts, enrolments, preparing, sequences, steps
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast, Enrolment, EnrolmentSource, Sequence
from broadcaster.steps import Timing
from connectors import building, door_settings, plans, receiving, running, samples
from connectors.conditions import Condition, Filter
from connectors.operators import Kind
from connectors.plans import Plan, PlannedAction, Step
from optout import (
    addresses,
    bulk_removals,
    channel_settings,
    imports,
    lifts,
    links,
)
from optout.actors import Actor, Evidence
from optout.bulk_removals import Decision, Selection
from optout.import_kinds import KINDS
from optout.imports import Choices, Upload
from optout.lifts import Power
from optout.models import (
    Channel,
    Entry,
    Hold,
    LiftReason,
    OptOutList,
    SandboxMessage,
    Source,
    WebhookDelivery,
    default_list,
)
from teambox import contacts, conversations, segments
from teambox.models import (
    CannedReply,
    ContactAttribute,
    Conversation,
    LineKind,
    SmartReply,
)
from tests.factories import ASHA, LEENA, drain, make_channel, make_list, opt_out
from tests.routes import Route
from tests.teambox.people import UNCLEAR, say
from tests.teambox.replies import ADD, make_reply

STAFF = Actor(label="Somebody")
BOTH = [addresses.parse(ASHA), addresses.parse(LEENA)]


@dataclass(frozen=True, slots=True)
class Said:
    """What is written where: what a person is called, short names, and words."""

    name: str = "Asha Rao"
    short: str = "Offers"
    words: str = "Hello"


@dataclass(frozen=True, slots=True)
class Town:
    """The rows that URLs name, by the beginning of a route's name or a parameter."""

    ids: dict[str, Any]

    def arguments(self, route: Route) -> dict[str, Any]:
        """The parameters of a route's URL; each leads to a row that is there."""
        return {name: self._argument(route.name, name) for name in route.parameters}

    def _argument(self, route: str, parameter: str) -> Any:
        if parameter != "pk":
            return self.ids[parameter]
        shown = route.removeprefix("api-")
        fitting = [name for name in self.ids if shown.startswith(name)]
        assert fitting, f"The town has no row for the route {route}."
        return self.ids[max(fitting, key=len)]


def build(said: Said | None = None) -> Town:
    """Make the town: the person wrote, was written to, left lists and came back."""
    said = said or Said()
    sms = make_channel(900, name=f"Phone {said.short}"[:60])
    mailbox = make_channel(901, email=True)
    listed = _list(said)
    rows = _contact(said) | _imports(said, listed)
    rows |= _talk(said, sms) | _smart_reply(said, listed) | _sends(said, sms, mailbox)
    rows |= _sequence(said, sms) | _connector(said, listed)
    rows |= _entries(said, listed, sms) | _withheld(said, sms) | _traces(sms)
    say(sms, f"{UNCLEAR} {said.words}"[:1_000])
    drain()
    return Town(
        rows
        | {
            "review": Hold.objects.get().pk,
            "channel": sms.pk,
            "channel_id": sms.pk,
            "key": BOTH[0].key,
            "kind": "sandbox",
        }
    )


def _list(said: Said) -> OptOutList:
    listed = make_list(said.short, "OFFERS OFF")
    OptOutList.objects.filter(pk=listed.pk).update(
        webhook_url="https://example.com/hook", description=said.words[:300]
    )
    listed.refresh_from_db()
    return listed


def _contact(said: Said) -> dict[str, Any]:
    attribute = ContactAttribute.objects.create(name="city", label=said.short)
    values = {"city": said.name[:500]}
    made = contacts.make(name=said.name[:120], addresses=BOTH, attributes=values)
    tag = contacts.tag([made], said.short[:40])
    contacts.write_note(made, said.words, actor=STAFF)
    query = QueryDict(f"tag={tag.pk}")
    return {
        "contact": made.pk,
        "other contact": contacts.make(name=said.short).pk,
        "address_pk": made.addresses.all()[0].pk,
        **dict.fromkeys(["panel-untag", "tag", "tag_pk"], tag.pk),
        "attribute": attribute.pk,
        "segment": segments.make(said.short, query, owner_id=None).pk,
    }


def _imports(said: Said, listed: OptOutList) -> dict[str, Any]:
    """A draft, and one that is done but for a row that it did not take."""
    rows = [["number", "name"], [ASHA, said.name], [f"{ASHA} or {LEENA}", said.short]]
    kind, name = KINDS["entries"], f"{said.short}.csv"
    draft, done = (
        imports.create(kind, Upload(_csv(rows), name), opt_out_list=listed, actor=STAFF)
        for _ in range(2)
    )
    imports.count(done, done.mapping, Choices())
    imports.start(done, actor=STAFF)
    return {
        "import": draft.pk,
        "list-import": listed.pk,
        **dict.fromkeys(["import-errors", "import-undo", "done import"], done.pk),
    }


def _csv(rows: list[list[str]]) -> io.BytesIO:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return io.BytesIO(file.getvalue().encode())


def _talk(said: Said, sms: Channel) -> dict[str, Any]:
    say(sms, said.words, payload={"name": said.name})
    talk = Conversation.objects.get()
    conversations.reply(talk, said.words, actor=STAFF)
    conversations.note(talk, said.words, actor=STAFF)
    canned = CannedReply.objects.create(shortcut="hello", text=said.words[:2_000])
    inbound = talk.lines.get(kind=LineKind.INBOUND)
    return {"conversation": talk.pk, "line_pk": inbound.pk, "canned-reply": canned.pk}


def _smart_reply(said: Said, listed: OptOutList) -> dict[str, Any]:
    reply: SmartReply = make_reply(
        said.short,
        answer=said.words[:1_000],
        actions=((ADD, {"lists": [listed.pk]}),),
        category=said.short[:40],
    )
    return {
        "smart-reply": reply.pk,
        "smart-reply-category": reply.category_id,
        "action_pk": reply.actions.get().pk,
        "name": ADD,
    }


def _sends(said: Said, sms: Channel, mailbox: Channel) -> dict[str, Any]:
    """A broadcast that arrived, one that failed, a mail, and a draft of each kind."""
    sent, mail = _broadcast(said, sms), _broadcast(said, mailbox)
    for each in (sent, mail):
        preparing.launch(each, actor=STAFF)
    drain()
    prepared = _broadcast(said, sms)
    preparing.prepare(prepared)
    failed = f"550 <{LEENA}> and {ASHA[1:]} are unknown here"
    mail.batch.messages.update(state="failed", error=failed)
    return {
        "broadcast-report": sent.pk,
        "broadcast-export": sent.pk,
        "broadcast": prepared.pk,
        "recipients": prepared.pk,
        "broadcast-mail": _broadcast(said, mailbox).pk,
        "mail report": mail.pk,
        "token": links.token(mail.batch.messages.get().pk),
        "sandbox-mail": SandboxMessage.objects.get(channel=mailbox).pk,
    }


def _broadcast(said: Said, channel: Channel) -> Broadcast:
    is_email = channel.address_kind == "email"
    made = broadcasts.create(name=said.short, channel=channel, actor=STAFF)
    text = f"{{{{name}}}} {{{{{'email' if is_email else 'number'}}}}} Reply STOP"
    words = Words(text=text)
    if is_email:
        words = Words(subject="To {{name}}", text=text, html=f"<p>{text}</p>")
    broadcasts.write(made, words)
    rows = [["number", "email", "name"], [ASHA, LEENA, said.name], ["?", "?", "x"]]
    broadcasts.set_recipients(made, _csv(rows), file_name=f"{said.short}.csv")
    return made


def _sequence(said: Said, sms: Channel) -> dict[str, Any]:
    """A sequence with a step, somebody on the way, somebody who left, and a file."""
    made = sequences.create(
        name=said.short, channel=sms, actor=STAFF, description=said.words[:300]
    )
    text = f"{{{{name}}}} {{{{number}}}} {said.words}"[:4_000]
    step = steps.add(made, Words(text=text), Timing(), name=said.short[:60])
    left = _enrolled(said, made)
    enrolments.unenrol(made, [left.key], actor=STAFF)
    _enrolled(said, made)
    file = Upload(_csv([["number", "name"], [ASHA, said.name]]), f"{said.short}.csv")
    draft = imports.create(
        KINDS["enrolments"],
        file,
        opt_out_list=default_list(),
        target_id=made.pk,
        actor=STAFF,
    )
    return {
        "sequence": made.pk,
        **dict.fromkeys(["step", "step_pk"], step.pk),
        "enrolment": left.pk,
        "enrolment file": draft.pk,
    }


def _enrolled(said: Said, sequence: Sequence) -> Enrolment:
    return enrolments.enrol(
        sequence,
        BOTH[0],
        source=EnrolmentSource.HAND,
        actor=STAFF,
        variables={"name": said.name, "number": ASHA},
    ).enrolment


def _connector(said: Said, listed: OptOutList) -> dict[str, Any]:
    """A connector with each part of a step, a secret, and inputs to choose from."""
    made = building.create(
        name=said.short[:60], description=said.words[:300], actor=STAFF
    )
    secret = door_settings.set_secret(made, "API_KEY", said.words[:2_000])
    action = PlannedAction(
        plans.new_id(),
        ADD,
        {"lists": [listed.pk], "reason_code": "staff"},
        {"number": "{{body.phone}}", "email": "", "channel": None},
    )
    says = Condition("{{body.words}}", Kind.TEXT, "is", said.words[:1_000])
    step = Step(
        plans.new_id(), said.short[:60], Filter(conditions=(says,)), actions=(action,)
    )
    building.save_plan(made, Plan((step,)), actor=STAFF)
    samples.keep_example(
        made, {"phone": ASHA, "name": said.name, said.short: said.words}
    )
    building.switch(made, True)
    failed = {"phone": said.short, "words": said.words[:1_000]}
    run = receiving.receive(made, input={"body": failed, "custom_variables": {}}).run
    running.run_due()
    return {
        "connector": made.pk,
        "run_pk": run.pk,
        "secret_pk": secret.pk,
        "step_id": step.id,
        "action_id": action.id,
        "action_name": ADD,
    }


def _entries(said: Said, listed: OptOutList, sms: Channel) -> dict[str, Any]:
    """Live ones, one without effect, one that ended, one removed with others."""
    evidence = Evidence(note=said.words[:300], wording=said.short[:50])
    live = opt_out(ASHA, listed, evidence=evidence).entries[0]
    opt_out(LEENA, listed, channel_id=sms.pk, evidence=evidence)
    ended = opt_out(LEENA, listed).entries[0]
    lifts.lift(
        [ended.pk],
        source=Source.PAGE,
        power=Power(guarded=True, legal=True),
        reason=LiftReason.OTHER,
        note=said.words[:300],
        actor=STAFF,
    )
    opt_out(ASHA, channel_id=sms.pk)
    many = Selection(default_list(), Entry.objects.latest("pk").pk)
    removal = bulk_removals.begin(many, Decision(), actor=STAFF)
    return {
        "list": listed.pk,
        "entry-add": listed.pk,
        "entries-remove": listed.pk,
        "entry": live.pk,
        "panel-remove": live.pk,
        "panel-put-back": ended.pk,
        "removal": removal.pk,
    }


def _withheld(said: Said, sms: Channel) -> dict[str, Any]:
    """A broadcast whose only recipient has opted out."""
    entry = opt_out(ASHA, channel_id=sms.pk).entries[0]
    made = _broadcast(said, sms)
    preparing.launch(made, actor=STAFF)
    drain()
    lifts.lift([entry.pk], source=Source.PAGE, power=Power(guarded=True, legal=True))
    return {"withheld report": made.pk}


def _traces(sms: Channel) -> dict[str, Any]:
    """What receivers answered, and a test message."""
    tried = {"at": timezone.now().isoformat(), "status": 500, "milliseconds": 3}
    tried |= {"error": f"no {ASHA}", "response": f"mobile {ASHA[1:]}, {LEENA}"}
    delivery = WebhookDelivery.objects.earliest("id")
    WebhookDelivery.objects.filter(pk=delivery.pk).update(tries=[tried])
    test = channel_settings.send_test(sms, BOTH[0], STAFF)
    return {"delivery": delivery.pk, "message_pk": test.pk, "message": test.pk}
