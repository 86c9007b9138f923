"""Which permission each method of a view asks for."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Allowed(BasePermission):
    """Reads `permissions` of the view: method → permission, or one for all methods.

    A view without it is closed to everybody.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = getattr(view, "permissions", {})
        if isinstance(wanted, dict):
            wanted = wanted.get("GET" if request.method == "HEAD" else request.method)
        user = request.user
        return bool(wanted and user and user.is_authenticated and user.has_perm(wanted))
