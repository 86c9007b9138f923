"""What an API view gets that names nothing itself."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission

if TYPE_CHECKING:  # the framework's views load these defaults while they are loaded
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Nobody(BasePermission):
    """Refuses everyone: a view that forgot its permission is closed, not open."""

    def has_permission(self, request: "Request", view: "APIView") -> bool:
        """Return False."""
        return False
