"""Who may enter the admin."""

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from optout import access


class AdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """The theme's site, closed to masked roles: its rows show addresses whole."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user of this request may enter."""
        return bool(super().has_permission(request)) and not access.masks(request)
