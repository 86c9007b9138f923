"""The parts pages are made of: icons, fields, badges, pagers, dialogs, times."""

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms, template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from optout import access

register = template.Library()

# By name, because this floor imports nothing from the project above it.
NAVIGATION = "optout_project.navigation.shell"
AVATAR_COLOURS = 8
COUNTED_FROM = 100  # fields with a longer maxlength show a character counter
UNDO = "undo:"

TONES = {
    "success": "ok",
    "warning": "warn",
    "error": "danger",
    "info": "",
    "debug": "",
    "delivered": "ok",
    "read": "ok",
    "done": "ok",
    "finished": "ok",
    "running": "accent",
    "counting": "accent",
    "undoing": "accent",
    "undone": "warn",
    "sending": "accent",
    "sent": "accent",
    "delivering": "accent",
    "suppressed": "warn",
    "unknown": "warn",
    "under_review": "warn",
    "retry": "warn",
    "held": "warn",
    "paused": "warn",
    "failed": "danger",
    "exhausted": "danger",
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return one icon of the sprite; without a label readers do not hear of it."""
    sprite = static("icons/sprite.svg")
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>',
            label,
            sprite,
            name,
        )
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', sprite, name
    )


@register.inclusion_tag("components/rail.html", takes_context=True)
def rail(context: Context) -> dict[str, Any]:
    """Draw the icon rail and the More menu for the user of this request."""
    request = context["request"]
    shell: dict[str, Any] = import_string(NAVIGATION)(request)
    return {**shell, "user": request.user, "csrf_token": context.get("csrf_token")}


# Forms


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Draw a form field: label, control, help and errors tied to it."""
    limit = bound.field.widget.attrs.get("maxlength")
    return {
        "field": bound,
        "kind": kind_of(bound),
        "limit": limit if limit and int(limit) >= COUNTED_FROM else None,
    }


def kind_of(bound: BoundField) -> str:
    """Return which of the field template's drawings fits the widget."""
    widget = bound.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxInput):
        return "checkbox"
    if isinstance(widget, forms.FileInput):
        return "file"
    if isinstance(widget, forms.RadioSelect):  # CheckboxSelectMultiple is one too
        return "choices"
    return "group" if bound.use_fieldset else "plain"


@register.inclusion_tag("components/fields.html")
def fields(form: BaseForm) -> dict[str, Any]:
    """Draw the error summary and every field of the form, in order."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """Draw the errors of the whole form, and links to the fields in error."""
    wrong = [bound for bound in form if bound.errors]
    return {"general": form.non_field_errors(), "wrong": wrong}


@register.simple_tag(takes_context=True)
def dialog_form(context: Context, url: str = "") -> SafeString:
    """Return the action of a form, and what keeps it in the dialog it was opened in.

    Without a URL the form posts to this page. On a full page it is an ordinary form,
    which the view answers with a redirect.
    """
    request = context["request"]
    url = url or request.get_full_path()
    if not getattr(request, "htmx", False):
        return format_html('action="{}"', url)
    return format_html('action="{0}" hx-post="{0}" hx-target="#dialog"', url)


@register.inclusion_tag("components/search.html", takes_context=True)
def search(context: Context, label: str, name: str = "search") -> dict[str, Any]:
    """Draw the search box of a toolbar, filled from the query string."""
    return {
        "label": label,
        "name": name,
        "value": context["request"].GET.get(name, ""),
    }


# Words and numbers


@register.inclusion_tag("components/badge.html")
def badge(text: str, tone: str = "", icon: str = "") -> dict[str, str]:
    """Draw a badge; tone is ok, warn, danger, accent or empty for neutral."""
    return {"text": text, "tone": tone, "icon": icon}


@register.filter
def tone(state: str) -> str:
    """Return the badge tone of a state or a Django message level."""
    return TONES.get(str(state), "")


@register.filter
def number(value: float | None) -> str:
    """Return the number with a comma at each thousand, or a dash for none."""
    return "–" if value is None else f"{value:,}"


@register.filter
def percent(part: float | None, total: float | None) -> str:
    """Return part of total as a percentage with at most one decimal."""
    if not total:
        return "–"
    share = 100 * (part or 0) / total
    return f"{share:.1f}".removesuffix(".0") + "%"


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """Return a time in words near now and as a date before, the exact one on hover."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        date_format(local, "j M Y, H:i:s T"),
        relative(local, timezone.localtime()),
    )


def relative(moment: datetime, now: datetime) -> str:
    """Return the distance in words within a week, else the date.

    >>> relative(datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12, 5))
    '5 min ago'
    """
    seconds = abs((now - moment).total_seconds())
    if seconds < 45:
        return "just now"
    for size, limit, unit in ((60, 3600, "min"), (3600, 86400, "h")):
        if seconds < limit:
            text = f"{max(1, int(seconds / size))} {unit}"
            return f"{text} ago" if moment < now else f"in {text}"
    if seconds < 7 * 86400 and moment < now:
        days = int(seconds / 86400)
        return "yesterday" if days == 1 else f"{days} days ago"
    return date_format(moment, "j M" if moment.year == now.year else "j M Y")


@register.inclusion_tag("components/address.html", takes_context=True)
def address(
    context: Context,
    text: str,
    lists: Sequence[object] | str = (),
    key: UUID | str = "",
) -> dict[str, Any]:
    """Draw an address, with a ban icon naming the lists, or the list, it is on.

    With its key it opens the contact panel.
    """
    rows = [lists] if isinstance(lists, str) else lists
    names = ", ".join(dict.fromkeys(str(row) for row in rows))
    return {"text": seen_address(context, text), "names": names, "key": key}


@register.simple_tag(takes_context=True)
def seen_address(context: Context, text: str) -> str:
    """Return an address as this user may see it: masked, where the role says so."""
    return access.seen_address(context.get("request"), text)


@register.simple_tag(takes_context=True)
def seen_words(context: Context, text: object) -> str:
    """Return words that a machine or a file filled in, with no address to be read."""
    return access.seen_words(context.get("request"), str(text))


@register.simple_tag
def avatar(name: str, size: str = "") -> SafeString:
    """Return the initials of a name on a colour that stays the same for it."""
    colour = zlib.crc32(name.encode()) % AVATAR_COLOURS
    large = " avatar-large" if size == "large" else ""
    return format_html(
        '<span class="avatar avatar-{}{}" aria-hidden="true">{}</span>',
        colour,
        large,
        initials(name),
    )


def initials(name: str) -> str:
    """Return at most two letters or digits that stand for a name or an address.

    >>> initials("Asha Menon"), initials("+34 600"), initials("")
    ('AM', '34', '?')
    """
    words = name.split("@")[0].split()
    if len(words) > 1 and words[-1][0].isalpha():
        return (words[0][0] + words[-1][0]).upper()
    return "".join(c for c in name if c.isalnum())[:2].upper() or "?"


# Parts of a page


@register.inclusion_tag("components/tile.html")
def tile(
    label: str, value: object, tone: str = "", *, note: str = "", url: str = ""
) -> dict[str, Any]:
    """Draw one number of a report; with a URL the tile is a link."""
    shown = number(value) if isinstance(value, int | float) else value
    return {"label": label, "value": shown, "tone": tone, "note": note, "url": url}


@register.inclusion_tag("components/progress.html")
def progress(done: int | None, total: int | None, label: str) -> dict[str, Any]:
    """Draw a progress bar; without a total it moves but tells no share."""
    return {"done": done or 0, "total": total, "label": label}


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: Context, page: Page[Any], noun: str = "entries") -> dict[str, Any]:
    """Draw numbered pages that keep the other query parameters."""
    pages = page.paginator.get_elided_page_range(page.number, on_each_side=1)
    return {
        "page": page,
        "pages": list(pages),
        "noun": noun,
        "request": context["request"],
    }


@register.inclusion_tag("components/cursor_pager.html")
def cursor_pager(previous: str | None, following: str | None) -> dict[str, Any]:
    """Draw Newer and Older for a cursor; either URL may be missing."""
    return {"previous": previous, "following": following}


@register.inclusion_tag("components/stepper.html")
def stepper(current: int, *labels: str) -> dict[str, Any]:
    """Draw the steps of a wizard; current counts from 1."""
    return {"current": current, "labels": labels}


@register.inclusion_tag("components/crumbs.html")
def crumbs(*pairs: str) -> dict[str, Any]:
    """Draw the way to this page, given as label and URL in turn."""
    return {"crumbs": list(zip(pairs[::2], pairs[1::2], strict=True))}


@register.inclusion_tag("components/copy.html")
def copy(text: str, label: str = "Copy") -> dict[str, str]:
    """Draw a button that puts the text on the clipboard."""
    return {"text": text, "label": label}


@register.filter
def undo_url(extra_tags: str | None) -> str:
    """Return the URL of a message sent with extra_tags="undo:/path/", else nothing."""
    tags = (extra_tags or "").split()
    return next((t.removeprefix(UNDO) for t in tags if t.startswith(UNDO)), "")


# Parts with a body


@register.simple_block_tag
def dialog(content: str, id: str, title: str, wide: bool = False) -> str:
    """Wrap the body in a dialog that data-dialog-open="#id" opens."""
    parts = {"id": id, "title": title, "wide": wide, "content": content}
    return render_to_string("components/dialog.html", parts)


@register.simple_block_tag
def menu(content: str, id: str, label: str) -> str:
    """Wrap links and buttons in a three-dot menu; id is unique on the page."""
    parts = {"id": id, "label": label, "content": content}
    return render_to_string("components/menu.html", parts)


@register.simple_block_tag
def empty_state(content: str, icon: str, title: str) -> str:
    """Wrap one sentence and one action, shown where there is nothing to show."""
    parts = {"icon": icon, "title": title, "content": content}
    return render_to_string("components/empty_state.html", parts)


@register.simple_block_tag
def banner(content: str, tone: str = "", icon: str = "info") -> str:
    """Wrap a notice; tone is ok, warn, danger, accent or empty for neutral."""
    parts = {"icon": icon, "tone": tone, "content": content}
    return render_to_string("components/banner.html", parts)


@register.simple_block_tag
def bulk_bar(content: str, total: int, is_more: bool = False) -> str:
    """Wrap the actions on ticked rows; total is how many match the filters.

    `is_more` where more match than were counted. Stands in a form[data-bulk] with its
    table. Posts all_matching=1 when the user chose every match, else the ticked rows.
    """
    parts = {"total": total, "is_more": is_more, "content": content}
    return render_to_string("components/bulk_bar.html", parts)
