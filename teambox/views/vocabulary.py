"""The page “Attributes and tags”: what contacts are sorted by."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from optout.filters import searched
from optout.views.dialogs import PageRequest, go, posted, show
from teambox import segments, tag_uses, vocabulary
from teambox.models import ContactAttribute, Tag
from teambox.vocabulary_forms import AttributeForm, RenameTagForm

PAGE_SIZE = 100


@require_safe
@login_required
@permission_required("teambox.change_contactattribute", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """All attributes, and the tags with how many contacts have each."""
    search = searched(request.GET)
    tags = Tag.objects.filter(name__icontains=search).order_by("name")
    shown = Paginator(tags, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "attributes": ContactAttribute.objects.all(),
        "page": shown,
        "rows": _counted(shown.object_list),
        "search": search,
    }
    return render(request, "teambox/vocabulary.html", context)


def _counted(tags: Any) -> QuerySet[Tag]:
    """Only the tags of the page are counted."""
    shown = Tag.objects.filter(pk__in=[tag.pk for tag in tags])
    return shown.annotate(number=Count("contacts")).order_by("name")


def _done(request: PageRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return go(request, reverse("contact-attributes"))


# Attributes


@login_required
@permission_required("teambox.add_contactattribute", raise_exception=True)
def add_attribute(request: PageRequest) -> HttpResponse:
    """Make an attribute that every contact may have a value in."""
    form = AttributeForm(posted(request))
    if form.is_valid() and form.store():
        return _done(request, f"The attribute “{form.attribute}” was added.")
    return _ask_attribute(request, form, "New attribute")


@login_required
@permission_required("teambox.change_contactattribute", raise_exception=True)
def edit_attribute(request: PageRequest, pk: int) -> HttpResponse:
    """Change an attribute's label and choices."""
    attribute = get_object_or_404(ContactAttribute, pk=pk)
    title = f"Edit {attribute}"
    form = AttributeForm(posted(request), attribute=attribute)
    if form.is_valid() and form.store():
        return _done(request, f"The attribute “{attribute}” was saved.")
    return _ask_attribute(request, form, title)


def _ask_attribute(
    request: PageRequest, form: AttributeForm, title: str
) -> HttpResponse:
    context = {"form": form, "title": title}
    status = 422 if form.errors else 200
    return show(request, "teambox/attribute_form.html", context, status=status)


@login_required
@permission_required("teambox.delete_contactattribute", raise_exception=True)
def delete_attribute(request: PageRequest, pk: int) -> HttpResponse:
    """Say how many contacts have a value, then delete the attribute with them."""
    attribute = get_object_or_404(ContactAttribute, pk=pk)
    if request.method != "POST":
        number = vocabulary.contacts_with(attribute).count()
        context = {"attribute": attribute, "number": number}
        return show(request, "teambox/attribute_delete.html", context)
    number = vocabulary.delete_attribute(attribute)
    text = f"The attribute “{attribute}” was deleted, with {number:,} values."
    return _done(request, text)


# Tags


@login_required
@permission_required("teambox.change_tag", raise_exception=True)
def rename_tag(request: PageRequest, pk: int) -> HttpResponse:
    """Give a tag another name, or merge it with the tag that has the name."""
    tag = get_object_or_404(Tag, pk=pk)
    name = tag.name
    form = RenameTagForm(posted(request), tag=tag)
    if form.is_valid() and form.store():
        what = "was merged into" if form.other else "is now"
        return _done(request, f"“{name}” {what} “{form.other or tag}”.")
    context = {"form": form, "tag": tag, "name": name}
    status = 422 if form.errors else 200
    return show(request, "teambox/tag_rename.html", context, status=status)


@login_required
@permission_required("teambox.delete_tag", raise_exception=True)
def delete_tag(request: PageRequest, pk: int) -> HttpResponse:
    """Say which contacts and segments lose the tag and what uses it, then delete it."""
    tag = get_object_or_404(Tag, pk=pk)
    if request.method != "POST":
        context = {
            "tag": tag,
            "number": tag.contacts.count(),
            "segments": segments.using(tag),
            "uses": tag_uses.of(tag),
        }
        return show(request, "teambox/tag_delete.html", context)
    vocabulary.delete_tag(tag)
    return _done(request, f"The tag “{tag}” was deleted.")
