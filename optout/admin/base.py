"""What the admin's pages share: rows to look at, and forms of the pages."""

from contextlib import suppress
from typing import Any, ClassVar, Protocol, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold import widgets
from unfold.admin import ModelAdmin

from optout import row_ids

MAX_SEARCH_CHARS = 320

# The theme styles each widget by a class of its own.
_DRESSED: dict[type[forms.Widget], type[forms.Widget]] = {
    forms.TextInput: widgets.UnfoldAdminTextInputWidget,
    forms.URLInput: widgets.UnfoldAdminTextInputWidget,
    forms.EmailInput: widgets.UnfoldAdminTextInputWidget,
    forms.NumberInput: widgets.UnfoldAdminIntegerFieldWidget,
    forms.PasswordInput: widgets.UnfoldAdminPasswordWidget,
    forms.Textarea: widgets.UnfoldAdminTextareaWidget,
    forms.CheckboxInput: widgets.UnfoldBooleanWidget,
    forms.Select: widgets.UnfoldAdminSelectWidget,
    forms.RadioSelect: widgets.UnfoldAdminRadioSelectWidget,
    forms.CheckboxSelectMultiple: widgets.UnfoldAdminCheckboxSelectMultipleWidget,
}


class StoredForm(Protocol):
    """A form that writes what it was given, with the rules of its page."""

    @property
    def instance(self) -> Model:
        """The row."""
        ...

    def is_valid(self) -> bool: ...

    def store(self) -> bool:
        """Write it; False with errors where that cannot be."""
        ...


def dress(form: forms.BaseForm) -> None:
    """Give a form's fields the look of the admin; what they ask for stays."""
    for field in form.fields.values():
        plain = field.widget
        dressed = _DRESSED.get(type(plain))
        if dressed is None:
            continue
        field.widget = dressed(attrs=plain.attrs)
        field.widget.is_required = plain.is_required
        if isinstance(plain, forms.widgets.ChoiceWidget):
            field.widget.choices = plain.choices


class Admin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """The theme's base, for tables that may be large."""

    show_full_result_count: ClassVar[bool] = False
    list_per_page: ClassVar[int] = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: Any = None
    ) -> HttpResponse:
        """The rows; what no database takes as a value leads back to all of them."""
        chosen = map(row_ids.read, request.POST.getlist(ACTION_CHECKBOX_NAME))
        if None not in chosen:
            with suppress(DataError):
                shown = super().changelist_view(request, extra_context)
                return cast(HttpResponse, shown)
        self.message_user(request, "This cannot be looked for.", messages.ERROR)
        return redirect(request.path)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As Django finds them; the databases' limit to a text to look for is ours."""
        wanted = search_term[:MAX_SEARCH_CHARS]
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, wanted
        )
        return found

    def show_form(
        self,
        request: HttpRequest,
        form: forms.BaseForm,
        *,
        title: str,
        button: str,
        **context: Any,
    ) -> TemplateResponse:
        """A page with this form, refused with 422 where it has errors."""
        dress(form)
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "button": button,
            "form": form,
            **context,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "optout/admin/form.html", whole, status=status)


class ReadOnly(Admin):
    """Rows that a flow writes: here nobody adds, changes or deletes one."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


class StoredByForm(Admin):
    """Adds and changes by the form of the product's own page, which knows the rules.

    The views are ours: Django's wrap a change in a transaction, which a write that
    has to be durable refuses.
    """

    def page_form(self, request: HttpRequest, obj: Any) -> StoredForm:
        """The form that changes `obj`, or makes a row where that is None."""
        raise NotImplementedError

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make a row; a stranger to the permission gets 403."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._by_form(request, None)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Change a row; who may only look at it, looks at it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_change_permission(request, obj):
            shown = super().change_view(request, object_id, form_url, extra_context)
            return cast(HttpResponse, shown)
        return self._by_form(request, obj)

    def _by_form(self, request: HttpRequest, obj: Any) -> HttpResponse:
        form = self.page_form(request, obj)
        if request.method == "POST" and form.is_valid() and form.store():
            return self.stored(request, form, is_new=obj is None)
        verb = "Change" if obj else "Add"
        return self.show_form(
            request,
            cast(forms.BaseForm, form),
            title=f"{verb} {self.opts.verbose_name}",
            button="Save",
            original=obj,
            may_delete=obj is not None and self.has_delete_permission(request, obj),
        )

    def stored(
        self, request: HttpRequest, form: StoredForm, *, is_new: bool
    ) -> HttpResponse:
        """Note it in the admin's log, and go back to the rows."""
        self.note(request, form.instance, is_new=is_new)
        self.message_user(request, f"“{form.instance}” was saved.")
        return redirect(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        )

    def note(self, request: HttpRequest, obj: Model, *, is_new: bool) -> None:
        """Write the admin's log."""
        if is_new:
            self.log_addition(request, obj, [{"added": {}}])
        else:
            self.log_change(request, obj, [{"changed": {}}])
