"""What the broadcaster's tests start from: sandbox channels and drafts."""

from collections.abc import Callable, Sequence
from io import BytesIO

import pytest

from broadcaster import broadcasts
from broadcaster.broadcasts import Words
from broadcaster.models import Broadcast
from optout.actors import NOBODY
from optout.models import Channel, OptOutList
from tests.factories import make_channel, make_list


@pytest.fixture(autouse=True)
def _files_of_the_test(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def phone(db) -> Channel:
    return make_channel(900)


@pytest.fixture
def mailbox(db) -> Channel:
    return make_channel(901, email=True)


@pytest.fixture
def promotions(db) -> OptOutList:
    return make_list()


def numbers(count: int) -> list[str]:
    return [f"+1415555{index:04d}" for index in range(count)]


def csv_of(rows: Sequence[str], header: str = "number") -> BytesIO:
    return BytesIO("\n".join([header, *rows]).encode())


@pytest.fixture
def draft(phone) -> Callable[..., Broadcast]:
    """Makes a draft with words and recipients, by default three numbers."""

    def make(
        rows: Sequence[str] = tuple(numbers(3)),
        *,
        header: str = "number",
        text: str = "Sale! Reply STOP to opt out.",
        channel: Channel = phone,
        words: Words | None = None,
    ) -> Broadcast:
        made = broadcasts.create(name="Sale", channel=channel, actor=NOBODY)
        broadcasts.write(made, words or Words(text=text))
        broadcasts.set_recipients(made, csv_of(rows, header), file_name="people.csv")
        return made

    return make
