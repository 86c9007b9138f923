"""Fixtures of this floor: a channel, a list, a contact, an agent's browser."""

import pytest
from django.test import Client

from optout import addresses
from optout.access import Role
from optout.models import Channel, OptOutList
from teambox import contacts
from teambox.models import Contact
from tests.factories import ASHA, LEENA, make_channel, make_list
from tests.page_clients import browser_of


@pytest.fixture
def sms(db: None) -> Channel:
    """A phone channel."""
    return make_channel(900)


@pytest.fixture
def agent(db: None) -> Client:
    return browser_of(Role.AGENT)


@pytest.fixture
def asha(db: None) -> Contact:
    """A contact with a number and an email."""
    both = [addresses.parse(raw) for raw in (ASHA, LEENA)]
    return contacts.make(name="Asha", addresses=both)


@pytest.fixture
def promotions(db: None) -> OptOutList:
    return make_list()
