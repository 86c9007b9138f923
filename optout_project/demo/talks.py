"""What the demo's people wrote to us, who of us answered, and whom we know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from optout import sender
from optout.actors import Actor, actor_of
from optout.models import Channel, OptOutList
from optout_project.demo.entries import PROMOTIONS
from optout_project.demo.people import Person, person
from optout_project.demo.sends import NEW, SECONDS_TO_SEND
from teambox import contacts, conversations, inbound, smart_reply_building
from teambox.models import (
    AttributeKind,
    CannedReply,
    ContactAttribute,
    Conversation,
    SmartReply,
    SmartReplyCategory,
)
from teambox.smart_reply_building import Words


@dataclass(frozen=True, slots=True)
class Talk:
    """What somebody wrote, what we answered, and what became of it."""

    said: Sequence[str]
    answer: str = ""
    note: str = ""
    is_mine: bool = False
    is_solved: bool = False
    by_mail: bool = False


TALKS = (
    Talk(["STOP"]),
    Talk(["Please stop, thank you"]),
    Talk(["Who is this? Stop"]),
    Talk(["Is the shop open on Sunday?"]),
    Talk(["HELP"]),
    Talk(
        ["Hi, where is my lamp? I ordered it last week.", "Order 4711"],
        answer="Hello! It left our shop this morning and is with you tomorrow.",
        note="Second delay for this customer: add a voucher.",
        is_mine=True,
    ),
    Talk(["The left boot is too small", "Can I exchange it?"], is_mine=True),
    Talk(
        ["Do you repair lamps from other shops?"],
        answer="We do, every Saturday from ten to four.",
        is_mine=True,
        is_solved=True,
    ),
    Talk(["Could you send me the invoice again?"], by_mail=True, is_mine=True),
    Talk(["The voucher does not work"]),
    Talk(["do NOT contact me at work, my boss said stop it already ok?"]),
    Talk(["Thanks! That solved it 🙌"]),
    Talk(["When are you open?"]),
    Talk(["No more offers please, but keep the newsletter"]),
)
CANNED = {
    "hello": "Hello, and thank you for writing to us. How can we help?",
    "hours": "We are open from Monday to Saturday, ten to seven.",
    "parcel": "Your parcel has left our shop. It arrives within two working days.",
    "sorry": "We are sorry about that. We look into it and write again today.",
}
_TAGS = ("Customer", "Wholesale", "Newsletter reader")


def make_smart_replies(lists: Mapping[str, OptOutList]) -> None:
    """Two questions, of which one acts; made once."""
    if SmartReplyCategory.objects.exists():
        return
    shop = smart_reply_building.category_named("Shop")
    hours = Words(["when are you open", "opening hours"], CANNED["hours"])
    smart_reply_building.save(SmartReply(), shop, hours)
    offers = smart_reply_building.category_named("Offers")
    enough = Words(["no more offers"], "Done, {{name|friend}}: no more offers.")
    row = smart_reply_building.save(SmartReply(), offers, enough)
    promotions = {"lists": [lists[PROMOTIONS].pk]}
    smart_reply_building.add_action(row, "add_to_opt_out_list", promotions)


def make(phone: Channel, mailbox: Channel, users: Mapping[str, User]) -> None:
    """Conversations in every state; what is there already stays as it is."""
    agent = actor_of(users["agent"])
    for place, talk in enumerate(TALKS):
        channel = mailbox if talk.by_mail else phone
        _receive(place, talk, channel)
        _take_care(place, talk, channel, agent)
    for shortcut, text in CANNED.items():
        CannedReply.objects.get_or_create(shortcut=shortcut, defaults={"text": text})
    _know_people()
    sender.send_due(seconds=SECONDS_TO_SEND)


def _person(place: int) -> Person:
    return person(NEW[place])


def _receive(place: int, talk: Talk, channel: Channel) -> None:
    who = _person(place)
    address = who.email_address if talk.by_mail else who.phone_address
    for number, text in enumerate(talk.said):
        inbound.receive(
            channel=channel,
            sender=address.address,
            text=text,
            message_id=f"demo-{place}-{number}",
            payload={"name": who.name},
        )


def _take_care(place: int, talk: Talk, channel: Channel, agent: Actor) -> None:
    """Once: where somebody of us has done something, nothing more is done."""
    who = _person(place)
    address = who.email_address if talk.by_mail else who.phone_address
    row = Conversation.objects.get(key=address.key, channel=channel)
    if row.lines.filter(actor_label=agent.label).exists():
        return
    if talk.is_mine:
        conversations.accept(row, actor=agent)
    if talk.note:
        conversations.note(row, talk.note, actor=agent)
    if talk.answer:
        conversations.reply(row, talk.answer, actor=agent)
    if talk.is_solved:
        conversations.solve(row, actor=agent)


def _know_people() -> None:
    """Names come with messages; city, email and tags are ours."""
    ContactAttribute.objects.get_or_create(
        name="city", defaults={"label": "City", "kind": AttributeKind.TEXT}
    )
    for place in range(len(TALKS)):
        who = _person(place)
        contact = contacts.of_address(who.phone_address.key) or contacts.of_address(
            who.email_address.key
        )
        if contact is None or contact.attributes:
            continue
        for address in (who.phone_address, who.email_address):
            contacts.add_address(contact, address)
        contacts.edit(
            contact,
            name=contact.name,
            attributes={"city": who.city},
            owner_id=contact.owner_id,
        )
        contacts.tag([contact], _TAGS[place % len(_TAGS)])
