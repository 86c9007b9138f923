"""Making and editing opt-out lists, and the counts their overview shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone

from optout import keyword_rules, keywords, webhooks
from optout.models import (
    Entry,
    Keyword,
    KeywordRole,
    ListState,
    OptOutList,
    live_entries,
    live_lists,
)
from optout.refusals import Refused

RECENT = timedelta(days=30)
MAX_ALIASES = 50

# What a form or a program may change; the rest of the row belongs to other flows.
EDITABLE = (
    "name",
    "description",
    "message",
    "public_name",
    "webhook_url",
    "webhook_on_lift",
)
_FIELDS = {
    KeywordRole.KEYWORD: "keyword",
    KeywordRole.ALIAS: "aliases",
    KeywordRole.START: "start_keyword",
}
_STOP = keywords.folded("STOP")
_MAX_WORD: int = Keyword._meta.get_field("text").max_length or 0
_MAX_FOLDED: int = Keyword._meta.get_field("folded").max_length or 0


class ListError(Refused):
    """A change of a list that is refused."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a list as somebody typed them."""

    keyword: str
    aliases: Sequence[str] = field(default_factory=tuple)
    start_keyword: str = ""

    def rows(self) -> list[tuple[KeywordRole, str]]:
        rows = [(KeywordRole.KEYWORD, self.keyword)]
        rows += [(KeywordRole.ALIAS, alias) for alias in self.aliases]
        if self.start_keyword:
            rows.append((KeywordRole.START, self.start_keyword))
        return rows


def save(opt_out_list: OptOutList, words: Words) -> OptOutList:
    """Write a list, new or changed, with its words; its first secret is made here.

    Raises ListError as `check_name` and `check_words` do, and `list_deleted` for one
    that was deleted meanwhile; IntegrityError for what was taken in this moment.
    """
    with transaction.atomic():
        check_name(opt_out_list.name, opt_out_list)
        _save_row(opt_out_list)
        check_words(words, opt_out_list)
        opt_out_list.keywords.all().delete()
        opt_out_list.keywords.bulk_create(
            Keyword(
                list=opt_out_list, role=role, text=text, folded=keywords.folded(text)
            )
            for role, text in words.rows()
        )
    return opt_out_list


def _save_row(opt_out_list: OptOutList) -> None:
    """Write what is editable; a list that is being deleted must not come back."""
    changed = list(EDITABLE)
    if not opt_out_list.webhook_secrets:
        opt_out_list.webhook_secrets = {"current": webhooks.new_secret()}
        changed.append("webhook_secrets")
    if opt_out_list._state.adding:
        opt_out_list.save()
        return
    row = OptOutList.objects.select_for_update().get(pk=opt_out_list.pk)
    if row.state != ListState.ACTIVE:
        raise ListError("list_deleted", "This opt-out list was deleted.")
    opt_out_list.save(update_fields=changed)


def check_name(name: str, opt_out_list: OptOutList | None) -> None:
    """Refuse a name that another list has; `opt_out_list` is None for a new one."""
    same = OptOutList.objects.filter(name__iexact=name, state=ListState.ACTIVE)
    if opt_out_list is not None:
        same = same.exclude(pk=opt_out_list.pk)
    if same.exists():
        raise ListError("name_taken", "Another opt-out list has this name.", "name")


# Words


def check_words(words: Words, opt_out_list: OptOutList | None) -> None:
    """Refuse words that a list may not have; `opt_out_list` is None for a new one.

    Raises ListError with the `field`: `keyword_required`, `keyword_too_long`,
    `keyword_reserved` (nothing to compare, or a word that is built in),
    `keyword_repeated`, `keyword_taken`, `too_many_aliases`.
    """
    if not words.keyword.strip():
        raise ListError("keyword_required", "Give an opt-out keyword.", "keyword")
    if len(words.aliases) > MAX_ALIASES:
        raise ListError(
            "too_many_aliases", f"At most {MAX_ALIASES} aliases.", "aliases"
        )
    seen: dict[str, tuple[KeywordRole, str]] = {}
    for role, text in words.rows():
        _check_word(role, text, opt_out_list)
        folded = keywords.folded(text)
        if folded in seen:
            message = f"“{text}” stands here twice."
            raise ListError("keyword_repeated", message, _FIELDS[role])
        seen[folded] = (role, text)
    _check_not_taken(seen, opt_out_list)


def _check_word(role: KeywordRole, text: str, opt_out_list: OptOutList | None) -> None:
    if len(text) > _MAX_WORD or len(keywords.folded(text)) > _MAX_FOLDED:
        message = f"A keyword has at most {_MAX_WORD} characters."
        raise ListError("keyword_too_long", message, _FIELDS[role])
    is_default = opt_out_list is not None and opt_out_list.is_default
    if is_default and role != KeywordRole.START and keywords.folded(text) == _STOP:
        return
    if why := keyword_rules.clash(text):
        raise ListError("keyword_reserved", why, _FIELDS[role])


def _check_not_taken(
    words: Mapping[str, tuple[KeywordRole, str]], opt_out_list: OptOutList | None
) -> None:
    others = Keyword.objects.filter(folded__in=words).select_related("list")
    if opt_out_list is not None:
        others = others.exclude(list=opt_out_list)
    taken = others.first()
    if taken is not None:
        role, text = words[taken.folded]
        raise ListError(
            "keyword_taken",
            f"“{text}” is already a word of the list “{taken.list.name}”.",
            _FIELDS[role],
        )


# Counts of the overview


def roll_up_counts() -> None:
    """Count live and recent entries of each list for the overview; exact each minute.

    Kept beside the lists: a counter inside the opt-out's transaction cost most of its
    throughput and deadlocked.
    """
    since = timezone.now() - RECENT
    live = dict(live_entries().values_list("list").annotate(Count("id")).order_by())
    added = Entry.objects.filter(created_at__gte=since).exclude(
        created_at=F("ended_at")
    )
    recent = dict(added.values_list("list").annotate(Count("id")).order_by())
    for row in live_lists():
        OptOutList.objects.filter(pk=row.pk).update(
            entry_count=live.get(row.pk, 0), added_in_30_days=recent.get(row.pk, 0)
        )
