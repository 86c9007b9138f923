"""What a user may do, read in one query: a page that polls asks it all day."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Permission
from django.db.models import Model, Q


class OneQueryBackend(ModelBackend):
    """Django's backend; a user's permissions and those of the groups come as one."""

    def get_all_permissions(
        self, user_obj: AbstractBaseUser | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """The names of all permissions, kept with the user; none for an object."""
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        kept: set[str] | None = getattr(user_obj, "_all_permissions", None)
        if kept is None:
            kept = _permissions(user_obj)
            user_obj._all_permissions = kept  # type: ignore[attr-defined]
        return kept


def _permissions(user: AbstractBaseUser | AnonymousUser) -> set[str]:
    rows = Permission.objects.order_by()
    if not getattr(user, "is_superuser", False):
        rows = rows.filter(Q(user=user.pk) | Q(group__user=user.pk)).distinct()
    names = rows.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in names}
