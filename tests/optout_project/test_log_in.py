"""What a user may do: by the roles, by name, or all of it; in one query."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from optout.access import Role

pytestmark = pytest.mark.django_db


def test_permissions_come_from_roles_and_from_the_user_in_one_query() -> None:
    user = User.objects.create_user("ana")
    user.groups.add(Group.objects.get(name=Role.AGENT))
    user.user_permissions.add(Permission.objects.get(codename="view_ledgerevent"))
    with CaptureQueriesContext(connection) as seen:
        assert user.has_perm("optout.decide_reviews")
        assert user.has_perm("optout.view_ledgerevent")
        assert not user.has_perm("optout.delete_list_entries")
    assert len(seen) == 1


def test_a_superuser_may_do_everything_and_who_is_switched_off_nothing() -> None:
    assert User.objects.create_superuser("root").has_perm("optout.export_entries")
    gone = User.objects.create_user("gone", is_active=False)
    gone.groups.add(Group.objects.get(name=Role.ADMIN))
    assert not gone.has_perm("optout.export_entries")
