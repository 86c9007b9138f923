"""Imports in the admin: what was brought, from which rows, and what was wrong."""

from django.contrib import admin

from optout.admin.base import ReadOnly
from optout.models import ImportedKey, ImportJob, ImportProblem


@admin.register(ImportJob)
class ImportJobAdmin(ReadOnly):
    """Files and what became of them; the page of an import moves it on."""

    list_display = ("id", "file_name", "kind", "list", "state", "row_count")
    list_filter = ("kind", "state", "list")
    list_select_related = ("list",)
    search_fields = ("file_name",)
    exclude = ("file",)


@admin.register(ImportedKey)
class ImportedKeyAdmin(ReadOnly):
    """Which entry was made of which row."""

    list_display = ("id", "job", "part", "row", "entry_id")
    list_select_related = ("job",)
    search_fields = ("=entry_id",)
    ordering = ("-id",)


@admin.register(ImportProblem)
class ImportProblemAdmin(ReadOnly):
    """The rows of the error files."""

    list_display = ("id", "job", "row", "message")
    list_select_related = ("job",)
    ordering = ("-id",)
