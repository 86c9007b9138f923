"""OptOutList and the keywords that lead to it."""

from typing import Any

from django.db import models
from django.db.models.functions import Length, Lower
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from optout.models.fields import EncryptedJSONField

NAME_CHARS = 50
PROSE_CHARS = 300


def _at_most(chars: int, column: str, name: str) -> models.CheckConstraint:
    """Keep a text short on SQLite too, which ignores the length of a varchar."""
    return models.CheckConstraint(
        condition=LessThanOrEqual(Length(column), chars),
        name=name,
        violation_error_message=f"At most {chars} characters.",
    )


class ListState(models.TextChoices):
    """A list is active until it is deleted; its entries move in between."""

    ACTIVE = "active", "Active"
    ARCHIVING = "archiving", "Being deleted"
    ARCHIVED = "archived", "Deleted"


class OptOutList(models.Model):
    """People who may not get the messages of the sends that select this list.

    A deleted list stays as a row: `replaced_by` says where its entries, keyword,
    links and selections went.
    """

    name = models.CharField("opt-out list name", max_length=NAME_CHARS)
    description = models.CharField(
        "opt-out description", max_length=PROSE_CHARS, blank=True
    )
    message = models.CharField("opt-out message", max_length=PROSE_CHARS)
    public_name = models.CharField(
        max_length=NAME_CHARS,
        blank=True,
        help_text="The name people see on the preference page.",
    )
    webhook_url = models.CharField("webhook URL", max_length=2048, blank=True)
    webhook_on_lift = models.BooleanField("post removals too", default=False)
    webhook_secrets = EncryptedJSONField(default=dict, blank=True, editable=False)
    webhook_disabled_at = models.DateTimeField(null=True, editable=False)
    webhook_failing_since = models.DateTimeField(null=True, editable=False)
    is_default = models.BooleanField(default=False, editable=False)
    state = models.CharField(
        max_length=10, choices=ListState, default=ListState.ACTIVE, editable=False
    )
    ends_entries = models.BooleanField(default=False, editable=False)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="replaces"
    )
    entry_count = models.PositiveIntegerField(default=0, editable=False)
    added_in_30_days = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "opt-out list"
        ordering = ["-is_default", "name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=models.Q(state=ListState.ACTIVE),
                name="list_name_unique",
                violation_error_message="Another opt-out list has this name.",
            ),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="list_default_is_one",
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(state=ListState.ACTIVE),
                name="list_default_stays",
                violation_error_message="The default list cannot be deleted.",
            ),
            models.CheckConstraint(
                condition=~models.Q(name="") & ~models.Q(message=""),
                name="list_name_and_message_given",
            ),
            _at_most(NAME_CHARS, "name", "list_name_length"),
            _at_most(PROSE_CHARS, "description", "list_description_length"),
            _at_most(PROSE_CHARS, "message", "list_message_length"),
            _at_most(NAME_CHARS, "public_name", "list_public_name_length"),
        ]

    def __str__(self) -> str:
        return self.name

    def words(self, role: "KeywordRole") -> list[str]:
        """The list's words of one role, as typed, in the order they were given."""
        return [word.text for word in self.keywords.all() if word.role == role]

    @property
    def keyword(self) -> str:
        return next(iter(self.words(KeywordRole.KEYWORD)), "")

    @property
    def aliases(self) -> list[str]:
        return self.words(KeywordRole.ALIAS)

    @property
    def start_keyword(self) -> str:
        return next(iter(self.words(KeywordRole.START)), "")


class KeywordRole(models.TextChoices):
    """What a list's word does: opt out (its keyword, aliases) or come back."""

    KEYWORD = "keyword", "Opt-out keyword"
    ALIAS = "alias", "Alias"
    START = "start", "Start keyword"


class Keyword(models.Model):
    """A list's own word. `folded` is compared, so that two lists never share one."""

    list = models.ForeignKey(OptOutList, models.CASCADE, related_name="keywords")
    text = models.CharField(max_length=NAME_CHARS)
    role = models.CharField(max_length=7, choices=KeywordRole)
    folded = models.CharField(max_length=200, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["folded"], name="keyword_unique"),
            models.UniqueConstraint(
                fields=["list", "role"],
                condition=~models.Q(role=KeywordRole.ALIAS),
                name="keyword_one_of_each_role",
            ),
            models.CheckConstraint(
                condition=~models.Q(folded=""), name="keyword_not_empty"
            ),
            _at_most(NAME_CHARS, "text", "keyword_text_length"),
        ]

    def __str__(self) -> str:
        return self.text


def live_lists() -> models.QuerySet[OptOutList]:
    """The lists that can be selected and shown, keywords at hand."""
    return OptOutList.objects.filter(state=ListState.ACTIVE).prefetch_related(
        "keywords"
    )


def default_list() -> OptOutList:
    """The list every send selects; it exists from the first migration."""
    return OptOutList.objects.get(is_default=True)


def replacement_of(listed: OptOutList) -> OptOutList:
    """The list that stands in for this one today: itself unless it was deleted."""
    while listed.replaced_by is not None:
        listed = listed.replaced_by
    return listed


_BY_ID = "SELECT * FROM optout_optoutlist WHERE id IN ({})"


def resolve(ids: Any) -> dict[int, OptOutList]:
    """Each id with the list that stands in for it; ids of no list are left out."""
    wanted = list(ids)
    if not wanted:
        return {}
    # Raw, as putting the statement together takes longer than executing it.
    statement = _BY_ID.format(", ".join(["%s"] * len(wanted)))
    rows = OptOutList.objects.raw(statement, wanted)
    return {row.pk: replacement_of(row) for row in rows}
