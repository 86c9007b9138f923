"""Fixtures of this floor: a channel, a list, a contact, browsers."""

import pytest
from django.test import Client

from optout import addresses
from optout.access import Role
from optout.models import Channel, OptOutList
from teambox import contacts
from teambox.models import Contact, ContactAttribute
from tests.factories import ASHA, make_channel, make_list
from tests.page_clients import browser_of


@pytest.fixture
def sms(db: None) -> Channel:
    """A phone channel."""
    return make_channel(900)


@pytest.fixture
def agent(db: None) -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def browser(db: None) -> Client:
    return browser_of(Role.ADMIN)


@pytest.fixture
def asha(db: None) -> Contact:
    return contacts.make(name="Asha", addresses=[addresses.parse(ASHA)])


@pytest.fixture
def promotions(db: None) -> OptOutList:
    return make_list()


@pytest.fixture
def plan(db: None) -> ContactAttribute:
    return ContactAttribute.objects.create(
        name="plan", label="Plan", kind="choice", choices=["Basic", "Pro"]
    )
