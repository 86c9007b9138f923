"""Freezing an audience of contacts, or of another broadcast's recipients."""

import pytest
from django.db import connection

from broadcaster import broadcasts, preparing, previews, reports
from broadcaster.broadcasts import Words
from broadcaster.contact_audiences import AudienceError
from broadcaster.models import Broadcast, Stage
from optout import addresses
from optout.actors import NOBODY
from optout.models import MessageState
from teambox import contacts, vocabulary
from teambox.models import Contact, ContactAttribute, Tag
from tests.broadcaster.conftest import numbers
from tests.factories import LEENA, opt_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def vip() -> Tag:
    return Tag.objects.create(name="VIP")


@pytest.fixture
def sale(phone, vip) -> Broadcast:
    """A draft to contacts with the tag VIP."""
    made = broadcasts.create(name="Sale", channel=phone, actor=NOBODY)
    broadcasts.write(made, Words(text="Hi {{name|you}}. Reply STOP."))
    broadcasts.set_contacts(made, {"tags": [vip.pk]})
    return made


def people(tag: Tag, *raw: str, **attributes: str) -> list[Contact]:
    found = [addresses.parse(one) for one in raw]
    made = [
        contacts.make(name=f"N{n}", addresses=[one], attributes=attributes)
        for n, one in enumerate(found)
    ]
    contacts.tag(made, tag.name)
    return made


def put(broadcast: Broadcast) -> dict[str, dict[str, str]]:
    """The recipients by address, in their order, with their variables."""
    rows = broadcast.batch.messages.order_by("id")
    return dict(rows.values_list("address", "variables"))


def ended_as(broadcast: Broadcast, *states: MessageState) -> None:
    """What became of the messages, in their order."""
    rows = broadcast.batch.messages.order_by("id")
    for row, state in zip(rows, states, strict=True):
        rows.filter(pk=row.pk).update(state=state)


def test_each_contact_gets_one_message_with_its_values(sale, vip):
    people(vip, *numbers(3))
    broadcasts.write(sale, Words(text="Hi {{name}}. Reply STOP."))
    preparing.prepare(sale)
    assert sale.stage == Stage.READY
    names = [{"name": f"N{n}"} for n in range(3)]
    assert put(sale) == dict(zip(numbers(3), names, strict=True))


def test_who_has_no_address_of_the_kind_is_counted_as_invalid(sale, vip):
    people(vip, *numbers(2), LEENA)
    preparing.prepare(sale)
    assert (sale.rows_read, sale.rows_invalid, sale.rows_duplicate) == (3, 1, 0)
    assert list(put(sale)) == numbers(2)


def test_who_opted_out_is_not_written_to_by_another_number(sale, vip):
    [asha] = people(vip, numbers(1)[0])
    contacts.add_address(asha, addresses.parse(numbers(2)[1]))
    opt_out(numbers(1)[0])
    preparing.launch(sale, actor=NOBODY)
    rows = list(sale.batch.messages.values_list("address", "state"))
    assert rows == [(numbers(1)[0], "suppressed")]


def test_values_are_those_that_a_contact_has_elsewhere(sale, vip):
    for name, kind in (("Plan", "text"), ("points", "number"), ("empty", "text")):
        ContactAttribute.objects.create(name=name, label=name, kind=kind)
    odd = "“Pro” \\ {{name}} \n é"
    [made] = people(vip, numbers(1)[0], Plan=odd, points="1234.50")
    words = "{{plan}} {{points}} {{empty|-}} {{nobody|-}} {{name}} Reply STOP."
    broadcasts.write(sale, Words(text=words))
    preparing.prepare(sale)
    assert put(sale) == {numbers(1)[0]: contacts.values(made)}


def test_more_variables_than_a_function_takes_arguments(sale, vip):
    names = [f"a{n}" for n in range(90)]
    for name in names:
        ContactAttribute.objects.create(name=name, label=name)
    people(vip, numbers(1)[0], **dict.fromkeys(names, "x"))
    broadcasts.write(sale, Words(text=" ".join("{{" + n + "}}" for n in names)))
    preparing.prepare(sale)
    assert put(sale) == {numbers(1)[0]: dict.fromkeys(names, "x")}


def test_contacts_tagged_after_the_freeze_are_not_in_it(sale, vip):
    people(vip, *numbers(2))
    preparing.prepare(sale)
    people(vip, numbers(3)[2])
    preparing.launch(sale, actor=NOBODY)
    assert list(put(sale)) == numbers(2)


def test_a_crash_while_freezing_loses_and_doubles_nobody(sale, vip, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    monkeypatch.setattr(preparing, "CHUNK_ROWS", 2)
    people(vip, *numbers(5), LEENA)
    preparing.prepare(sale)
    with connection.execute_wrapper(at_second_insert()), pytest.raises(Crash):
        preparing.prepare_due()
    sale.refresh_from_db()
    assert (sale.stage, sale.rows_read, sale.row_count) == (Stage.PREPARING, 2, 6)
    Broadcast.objects.update(lease_until=None)
    preparing.prepare_due()
    sale.refresh_from_db()
    assert (sale.stage, sale.rows_read, sale.rows_invalid) == (Stage.READY, 6, 1)
    assert list(put(sale)) == numbers(5)


class Crash(Exception):
    """The worker dies."""


def at_second_insert():
    seen = []

    def dying(execute, sql, *args):
        if sql.startswith("INSERT INTO optout_outgoingmessage"):
            seen.append(sql)
            if len(seen) == 2:
                raise Crash
        return execute(sql, *args)

    return dying


def test_gaps_between_ids_are_walked_over(sale, vip, monkeypatch):
    monkeypatch.setattr(preparing, "CHUNK_ROWS", 2)
    made = people(vip, *numbers(30))
    gone = [row.pk for n, row in enumerate(made) if n not in (0, 17, 18, 29)]
    Contact.objects.filter(pk__in=gone).delete()
    preparing.prepare(sale)
    assert list(put(sale)) == [numbers(30)[n] for n in (0, 17, 18, 29)]


def test_a_tag_that_is_gone_stands_against_the_launch(sale, vip):
    people(vip, *numbers(1))
    Tag.objects.all().delete()
    with pytest.raises(broadcasts.BroadcastError) as refused:
        preparing.launch(sale, actor=NOBODY)
    assert refused.value.code == "audience_gone"


def test_a_tag_that_goes_while_freezing_makes_a_draft_of_it(sale, vip, monkeypatch):
    monkeypatch.setattr(preparing, "ROWS_AT_ONCE", 0)
    people(vip, *numbers(2))
    preparing.launch(sale, actor=NOBODY)
    Tag.objects.all().delete()
    preparing.prepare_due()
    sale.refresh_from_db()
    assert (sale.stage, sale.launch_when_ready) == (Stage.DRAFT, False)
    assert "tag" in sale.error


def test_the_preview_reads_as_the_first_recipient_would(sale, vip):
    people(vip, *numbers(2))
    shown = previews.preview(sale, Words(text="Dear {{name}}"))
    assert (shown.address, shown.text) == (numbers(1)[0], "Dear N0")


def test_a_variable_that_no_contact_has_is_named(sale, vip):
    broadcasts.write(sale, Words(text="Hi {{nickname}}. Reply STOP."))
    with pytest.raises(broadcasts.BroadcastError) as refused:
        preparing.prepare(sale)
    assert refused.value.message.startswith("No contact gives {{nickname}}")


def test_a_file_and_contacts_take_each_others_place(draft, vip):
    made = draft()
    people(vip, numbers(9)[8])
    broadcasts.set_contacts(made, {"tags": [vip.pk]})
    preparing.prepare(made)
    assert (list(put(made)), bool(made.recipients)) == ([numbers(9)[8]], False)


def test_a_draft_goes_to_the_tag_its_own_was_merged_into(sale, vip):
    people(vip, *numbers(2))
    vocabulary.merge_tags(vip, Tag.objects.create(name="Gold"))
    sale.refresh_from_db()
    preparing.prepare(sale)
    assert list(put(sale)) == numbers(2)


# Another broadcast's recipients


@pytest.fixture
def sent(draft) -> Broadcast:
    """Eight recipients, of whom one each ended in another state."""
    made = draft([f"{one},Ana" for one in numbers(8)], header="number,name")
    broadcasts.write(made, Words(text="Hi {{name}}. Reply STOP."))
    opt_out(numbers(8)[7])
    preparing.launch(made, actor=NOBODY)
    states = ("sent", "delivered", "read", "failed", "unknown", "cancelled", "queued")
    ended_as(made, *map(MessageState, (*states, "suppressed")))
    return made


@pytest.fixture
def resend(phone, sent) -> Broadcast:
    made = broadcasts.create(name="Again", channel=phone, actor=NOBODY)
    broadcasts.write(made, Words(text="Hello {{name}}. Reply STOP."))
    return made


@pytest.mark.parametrize(
    ("states", "people"),
    [
        (["sent"], [0, 1, 2]),
        (["delivered"], [1, 2]),
        (["read"], [2]),
        (["not_read"], [0, 1]),
        (["failed"], [3]),
        (["failed", "unknown"], [3, 4]),
    ],
)
def test_a_resend_goes_to_those_it_came_so_far_with(states, people, resend, sent):
    broadcasts.set_from_broadcast(resend, sent, states)
    preparing.prepare(resend)
    assert put(resend) == {numbers(8)[n]: {"name": "Ana"} for n in people}


def test_no_resend_ever_includes_whom_an_opt_out_withheld(resend, sent):
    every = ["sent", "delivered", "read", "not_read", "failed", "unknown"]
    broadcasts.set_from_broadcast(resend, sent, every)
    preparing.prepare(resend)
    assert list(put(resend)) == numbers(8)[:5]
    for wish in (["suppressed"], ["failed", "suppressed"], ["cancelled"], []):
        with pytest.raises(AudienceError) as refused:
            broadcasts.set_from_broadcast(resend, sent, wish)
        assert refused.value.field == "states"


def test_a_resend_fills_from_contacts_what_the_messages_did_not_use(resend, sent):
    ContactAttribute.objects.create(name="plan", label="Plan")
    found = [addresses.parse(numbers(1)[0])]
    contacts.make(name="Other", addresses=found, attributes={"plan": "Pro"})
    broadcasts.write(resend, Words(text="{{name}}: {{plan|none}}. Reply STOP."))
    broadcasts.set_from_broadcast(resend, sent, ["not_read"])
    preparing.prepare(resend)
    first, second = numbers(2)
    expected = {first: {"name": "Ana", "plan": "Pro"}, second: {"name": "Ana"}}
    assert put(resend) == expected


def test_a_draft_or_another_kind_of_address_is_no_source(resend, draft, mailbox, sent):
    mail = broadcasts.create(name="Mail", channel=mailbox, actor=NOBODY)
    for target, other in ((resend, draft()), (mail, sent), (sent, sent)):
        with pytest.raises(AudienceError) as refused:
            broadcasts.set_from_broadcast(target, other, ["failed"])
        assert refused.value.field == "broadcast"


def test_another_channel_of_mails_stops_a_resend_to_numbers(resend, sent, mailbox):
    broadcasts.set_from_broadcast(resend, sent, ["failed"])
    broadcasts.rename(resend, name="Again", channel=mailbox)
    broadcasts.write(resend, Words(subject="Hi", text="Hello"))
    with pytest.raises(broadcasts.BroadcastError) as refused:
        preparing.prepare(resend)
    assert refused.value.code == "audience_gone"


def test_counts_of_a_resend_add_up(resend, sent):
    broadcasts.set_from_broadcast(resend, sent, ["sent", "failed"])
    opt_out(numbers(8)[0])
    preparing.prepare(resend)
    found = reports.review(resend)
    assert (found.rows, found.to_send, found.withheld) == (4, 3, 1)
