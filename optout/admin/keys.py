"""API keys in the admin: made and revoked, shown once, never edited."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from optout import access
from optout.access import Role
from optout.admin.base import ReadOnly, StoredByForm, StoredForm
from optout.models import ApiKey, IdempotentRequest

MOST_DAYS = 3650


class ApiKeyForm(forms.Form):
    """Who the key is for and what it may do; `store` makes it."""

    name = forms.CharField(max_length=60, help_text="The program that uses it.")
    role = forms.ChoiceField(choices=Role.choices)
    days = forms.IntegerField(
        label="Ends after (days)",
        required=False,
        min_value=1,
        max_value=MOST_DAYS,
        help_text="Blank: it does not end.",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        """The user is kept as its maker."""
        super().__init__(*args, **kwargs)
        self.user = user

    def store(self) -> bool:
        """Make the key; its text is in `text`, and nowhere else."""
        days = self.cleaned_data["days"]
        self.instance, self.text = access.create_api_key(
            name=self.cleaned_data["name"],
            role=Role(self.cleaned_data["role"]),
            expires_in=timedelta(days=days) if days else None,
            created_by_id=self.user.pk,
        )
        return True


@admin.register(ApiKey)
class ApiKeyAdmin(StoredByForm):
    """Keys by name and role. A key that is not needed is revoked and stays known."""

    list_display = (
        "name",
        "role",
        "prefix",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = ("role",)
    list_select_related = ("role",)
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whether the user may end a key."""
        return request.user.has_perm("optout.change_apikey")

    def page_form(self, request: HttpRequest, obj: Any) -> StoredForm:
        """What a new key is asked for."""
        return ApiKeyForm(request.POST or None, user=request.user)

    def stored(self, request: HttpRequest, form: Any, *, is_new: bool) -> HttpResponse:
        """Show the key in this one answer; no answer of the admin may be cached."""
        self.note(request, form.instance, is_new=is_new)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"The API key {form.instance.name}",
            "key": form.text,
        }
        return TemplateResponse(request, "optout/admin/key.html", context)

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the chosen keys at once."""
        for key in queryset:
            access.revoke(key)
            self.note(request, key, is_new=False)
        self.message_user(request, "Revoked.", messages.SUCCESS)


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnly):
    """Repeatable requests of programs; an answer may hold a secret and is not shown."""

    list_display = ("created_at", "api_key", "key", "status")
    list_select_related = ("api_key",)
    search_fields = ("=key",)
    fields = ("api_key", "key", "status", "created_at")
    ordering = ("-id",)
