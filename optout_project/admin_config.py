"""Makes the admin use our site."""

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """The admin, discovered as always."""

    default_site = "optout_project.admin_site.AdminSite"
