"""The table of all words that mean something: built in, and the lists' own."""

from dataclasses import dataclass

from django.conf.locale import LANG_INFO

from optout.keyword_rules import BUILT_IN, Meaning
from optout.models import Keyword, KeywordRole, OptOutList

EVERYWHERE = "core"
_CHINESE = {"zh": "Chinese"}  # Django knows it by its scripts alone


@dataclass(frozen=True, slots=True)
class Word:
    """A word, what it asks for, and where it comes from."""

    text: str
    meaning: Meaning
    language: str
    rule_id: str
    opt_out_list: OptOutList | None = None
    is_switchable: bool = False


def language_name(code: str) -> str:
    """The English name of a pack's language; the core's words count in any."""
    if code == EVERYWHERE:
        return "Any language"
    return _CHINESE.get(code) or str(LANG_INFO[code]["name"])


def built_in() -> list[Word]:
    """The built-in words, the core first, then by language as the packs stand."""
    return [
        Word(
            rule.word,
            rule.meaning,
            language_name(rule.language),
            rule.rule_id,
            is_switchable=rule.switchable,
        )
        for rule in sorted(BUILT_IN, key=lambda rule: rule.language != EVERYWHERE)
    ]


def of_lists() -> list[Word]:
    """The words of the lists, but for the default list's STOP, which is built in."""
    found = Keyword.objects.select_related("list").order_by("list", "id")
    known = {rule.word.casefold() for rule in BUILT_IN}
    return [
        Word(
            keyword.text,
            Meaning.LIFT if keyword.role == KeywordRole.START else Meaning.OPT_OUT,
            "",
            f"list:{keyword.list_id}",
            opt_out_list=keyword.list,
        )
        for keyword in found
        if keyword.text.casefold() not in known
    ]
