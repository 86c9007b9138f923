"""The words contacts are sorted by: tags and attributes, made, renamed, taken away."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from optout.refusals import Refused
from teambox import bulk_tags, segments, tag_uses
from teambox.contacts import MAX_TAG
from teambox.models import AttributeKind, Contact, ContactAttribute, Tag

CHUNK = 500  # contacts a transaction
MAX_CHOICES, MAX_CHOICE = 100, 100
MAX_NAME: int = ContactAttribute._meta.get_field("name").max_length or 0
MAX_LABEL: int = ContactAttribute._meta.get_field("label").max_length or 0
# Columns of files and variables of messages that stand for something else already.
RESERVED = frozenset(
    {"id", "name", "number", "email", "addresses", "tags", "owner", "opted_out"}
    | {"last_seen_at", "created_at"}
)


class WordError(Refused):
    """A tag or attribute that cannot be made or changed like this."""


# Tags


def tag_named(name: str, *, but: Tag) -> Tag | None:
    """Another tag that has this name, in upper or lower case."""
    return Tag.objects.filter(name__iexact=name).exclude(pk=but.pk).first()


def rename_tag(tag: Tag, name: str) -> None:
    """Give a tag another name. Raises WordError `bad_tag` and `name_taken`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_TAG:
        message = f"A tag has a name of at most {MAX_TAG} characters."
        raise WordError("bad_tag", message, "name")
    tag.name = name
    try:
        with transaction.atomic():
            tag.save(update_fields=["name"])
    except IntegrityError:
        message = "There is a tag of this name: merge the two."
        raise WordError("name_taken", message, "name") from None


def merge_tags(tag: Tag, into: Tag) -> None:
    """Give all who have a tag another one, which takes its place wherever it is used.

    Who gets it by this did not get it anew: a sequence that it enrols into goes on
    with who is tagged from now on.
    """
    bulk_tags.add_existing(Contact.objects.filter(tags=tag), into)
    with transaction.atomic():
        segments.replace_tag(tag, into)
        tag_uses.replace(tag, into)
        tag.delete()


def delete_tag(tag: Tag) -> None:
    """Take a tag from all contacts. Segments that filter by it choose nobody then."""
    tag.delete()


# Attributes


def make_attribute(
    *, label: str, name: str = "", kind: AttributeKind, choices: Sequence[str] = ()
) -> ContactAttribute:
    """A new attribute; its name is made from the label where none is given.

    Raises WordError `bad_name`, `name_taken` and as `change_attribute` does.
    """
    name = slugify(name or label).replace("-", "_")[:MAX_NAME].strip("_")
    if not name or name[0].isdigit():
        message = "A name begins with a letter from A to Z."
        raise WordError("bad_name", message, "name")
    is_taken = name in RESERVED or ContactAttribute.objects.filter(name=name).exists()
    if is_taken:
        raise WordError("name_taken", f"The name {name} is taken.", "name")
    made = ContactAttribute(name=name, kind=kind)
    change_attribute(made, label=label, choices=choices)
    return made


def change_attribute(
    attribute: ContactAttribute, *, label: str, choices: Sequence[str]
) -> None:
    """Write label and choices; values that are no choice any more stay as they are.

    Raises WordError `no_choices` and `bad_choices`.
    """
    attribute.label = " ".join(label.split())
    is_choice = attribute.kind == AttributeKind.CHOICE
    attribute.choices = _checked(choices) if is_choice else []
    attribute.save()


def _checked(choices: Sequence[str]) -> list[str]:
    by_case = {one.casefold(): one for one in reversed(choices) if one}
    kept = list(reversed(by_case.values()))
    if not kept:
        raise WordError("no_choices", "Write the choices, one a line.", "choices")
    if len(kept) > MAX_CHOICES or max(map(len, kept)) > MAX_CHOICE:
        message = f"At most {MAX_CHOICES} choices of {MAX_CHOICE} characters."
        raise WordError("bad_choices", message, "choices")
    return kept


def contacts_with(attribute: ContactAttribute) -> QuerySet[Contact]:
    """The contacts that have a value in it."""
    return Contact.objects.filter(attributes__has_key=attribute.name)


def delete_attribute(attribute: ContactAttribute) -> int:
    """Delete an attribute with its values; how many contacts had one.

    The values go first, in short transactions: one that was broken off is repeated.
    """
    done = 0
    while taken := _take_values(attribute):
        done += taken
    attribute.delete()
    return done


def _take_values(attribute: ContactAttribute) -> int:
    with transaction.atomic():
        rows = list(
            contacts_with(attribute)
            .select_for_update(no_key=True)
            .order_by("id")[:CHUNK]
        )
        for row in rows:
            del row.attributes[attribute.name]
        Contact.objects.bulk_update(rows, ["attributes"])
    return len(rows)
