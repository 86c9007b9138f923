"""The demo's users, channels and lists; what is there already stays as it is."""

from django.contrib.auth.models import Group, User

from optout import lists
from optout.access import Role
from optout.addresses import AddressKind
from optout.models import Channel, OptOutList, Workspace, default_list
from optout_project.demo.entries import DEFAULT, MAILBOX, NEWSLETTER, PHONE, PROMOTIONS

COMPANY = "Lamp & Boot"
USERS = {
    "agent": Role.AGENT,
    "marketer": Role.MARKETER,
    "compliance": Role.COMPLIANCE,
    "admin": Role.ADMIN,
}
_CHANNELS = {
    PHONE: ("Sandbox phone", AddressKind.PHONE, "+1 415-555-0100"),
    MAILBOX: ("Sandbox mailbox", AddressKind.EMAIL, f"{COMPANY} <shop@example.org>"),
}
_LISTS = {
    PROMOTIONS: (
        {
            "description": "Sales, coupons and other offers",
            "message": "You will get no more offers from us here.",
            "public_name": "Offers and sales",
        },
        lists.Words("PROMO OFF", ["NO PROMOS", "NO MORE OFFERS"], "PROMO ON"),
    ),
    NEWSLETTER: (
        {
            "description": "The monthly letter",
            "message": "You will not get our newsletter any more.",
            "public_name": "Monthly newsletter",
        },
        lists.Words("NEWS OFF", ["NO NEWS", "NO NEWSLETTER"]),
    ),
}


def name_company() -> None:
    """Name the workspace, unless somebody has."""
    untouched = Workspace._meta.get_field("name").default
    Workspace.load()
    Workspace.objects.filter(name=untouched).update(name=COMPANY)


def make_users() -> dict[str, User]:
    """A log-in for each role, with its name as password; by name."""
    found = {}
    for name, role in USERS.items():
        user, is_new = User.objects.get_or_create(username=name)
        if is_new:
            user.set_password(name)
            user.is_staff = user.is_superuser = role == Role.ADMIN
            user.save()
            user.groups.add(Group.objects.get(name=role))
        found[name] = user
    return found


def make_channels() -> dict[int, Channel]:
    """A phone and a mailbox of the sandbox; by number."""
    return {
        number: Channel.objects.get_or_create(
            channel_id=number,
            defaults={
                "name": name,
                "kind": "sandbox",
                "address_kind": kind,
                "sender": sender,
                "rate": 100,
            },
        )[0]
        for number, (name, kind, sender) in _CHANNELS.items()
    }


def make_lists() -> dict[str, OptOutList]:
    """Two lists besides the default one; by name."""
    found = {DEFAULT: default_list()}
    for name, (about, words) in _LISTS.items():
        there = OptOutList.objects.filter(name=name).order_by("id").last()
        found[name] = there or lists.save(OptOutList(name=name, **about), words)
    return found
