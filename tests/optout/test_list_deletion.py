"""Deleting a list makes nobody contactable by accident."""

import pytest
from django.db import IntegrityError

from optout import list_deletion
from optout.lists import ListError
from optout.models import (
    KeywordRole,
    MessageState,
    OptOutList,
    default_list,
    live_entries,
)
from tests.factories import (
    ASHA,
    RAHUL,
    drain,
    make_batch,
    make_channel,
    make_list,
    opt_out,
    queue,
)

pytestmark = pytest.mark.django_db


def test_the_default_list_cannot_be_deleted() -> None:
    with pytest.raises(ListError, match="default list cannot be deleted"):
        list_deletion.delete(default_list(), move_to=make_list())


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_to_archive_the_default_list() -> None:
    with pytest.raises(IntegrityError):
        OptOutList.objects.filter(is_default=True).update(state="archived")


def test_entries_move_with_their_source_and_date() -> None:
    promotions = make_list()
    before = opt_out(ASHA, promotions).entries[0]
    list_deletion.delete(promotions, move_to=default_list())
    after = live_entries().get()
    assert after.list == default_list()
    assert (after.created_at, after.source) == (before.created_at, before.source)


def test_where_both_lists_have_an_entry_the_older_stays() -> None:
    promotions = make_list()
    older = opt_out(ASHA, promotions).entries[0]
    opt_out(ASHA)
    list_deletion.delete(promotions, move_to=default_list())
    assert live_entries().get().created_at == older.created_at


def test_removed_entries_end_and_the_keyword_passes_to_the_default_list() -> None:
    promotions = make_list(keyword="PROMO OFF")
    opt_out(ASHA, promotions)
    list_deletion.delete(promotions, move_to=None, reason="closed down")
    assert not live_entries().exists()
    assert default_list().words(KeywordRole.ALIAS) == ["PROMO OFF"]


def test_a_running_send_withholds_by_the_list_that_took_over() -> None:
    promotions = make_list()
    batch = make_batch(make_channel(), promotions)
    newsletter = make_list("Newsletter", "NEWS OFF")
    list_deletion.delete(promotions, move_to=newsletter)
    opt_out(ASHA, newsletter)
    message = queue(batch, ASHA)
    drain()
    message.refresh_from_db()
    assert message.state == MessageState.SUPPRESSED


def test_a_second_deletion_changes_nothing() -> None:
    promotions = make_list()
    opt_out(RAHUL, promotions)
    list_deletion.delete(promotions, move_to=default_list())
    list_deletion.delete(promotions, move_to=None, reason="again")
    assert live_entries().get().list == default_list()


def test_the_name_of_a_deleted_list_is_free() -> None:
    list_deletion.delete(make_list("Promotions", "OFF ONE"), move_to=default_list())
    assert make_list("Promotions", "OFF TWO").state == "active"
