"""The keyword playground, and the table of all words."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from optout import keywords, word_table
from optout.keyword_rules import Match, Meaning, Tier, spoken
from optout.models import (
    Channel,
    OptOutList,
    Workspace,
    active_channels,
    default_list,
)
from optout.views.dialogs import PageRequest
from optout.word_table import Word

MAX_TEXT = 1_600
MEANINGS = {
    Meaning.OPT_OUT: ("Opts out", "danger"),
    Meaning.LIFT: ("Comes back", "ok"),
    Meaning.HELP: ("Asks for help", "accent"),
}
_TIERS = {
    Tier.EXACT: "The whole message is a keyword.",
    Tier.POLITE: "A keyword, with nothing around it but polite words.",
    Tier.PHRASE: "A phrase that asks for it in plain words.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message would do, in words."""

    title: str
    tone: str
    icon: str
    what: str
    why: str
    answer: str = ""
    rule_id: str = ""


class Playground(forms.Form):
    """A message to try, on a channel."""

    text = forms.CharField(
        label="Message",
        max_length=MAX_TEXT,
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "Please stop"}),
    )
    channel = forms.ModelChoiceField(
        active_channels(), label="Channel", required=False, empty_label=None
    )


class WordFilter(forms.Form):
    """What the table of words is narrowed to."""

    search = forms.CharField(required=False, max_length=50)
    meaning = forms.ChoiceField(
        label="Meaning",
        required=False,
        choices=[
            ("", "Any meaning"),
            *((meaning.value, text) for meaning, (text, _) in MEANINGS.items()),
        ],
    )
    language = forms.ChoiceField(label="Language", required=False)

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        """The languages that have words."""
        super().__init__(*args, **kwargs)
        choices = [("", "Any origin"), ("lists", "Own words of lists")]
        choices += [(name, name) for name in languages]
        self.fields["language"].choices = choices  # type: ignore[attr-defined]


@require_safe
@login_required
@permission_required("optout.view_optoutlist", raise_exception=True)
def page(request: PageRequest) -> HttpResponse:
    """Say what a message would do and which rule decides; below, every word.

    Nothing is changed: `keywords.decide` is the answer that inbound acts on.
    """
    if request.htmx.target == "verdict":
        verdict = {"verdict": _verdict(request)}
        return render(request, "optout/keywords.html#verdict", verdict)
    if request.htmx.target == "words":
        return render(request, "optout/keywords.html#words", _words(request))
    context: dict[str, Any] = {
        "form": Playground(request.GET or None, initial={"channel": _first_channel()}),
        "verdict": _verdict(request),
    }
    return render(request, "optout/keywords.html", context | _words(request))


def _first_channel() -> Channel | None:
    return active_channels().first()


def _verdict(request: PageRequest) -> Verdict | None:
    form = Playground(request.GET)
    if not form.is_valid() or not form.cleaned_data["text"].strip():
        return None
    channel = form.cleaned_data["channel"] or _first_channel()
    if channel is None:
        return None
    return explain(keywords.decide(channel, form.cleaned_data["text"]), channel)


def explain(match: Match, channel: Channel) -> Verdict:
    """Put a match in words: what would happen, and which rule decided."""
    if match.review_reason:
        return Verdict(
            "Goes to the review queue",
            "warn",
            "shield-alert",
            f"Until someone decides, marketing on {channel.name} is withheld.",
            match.review_reason + ".",
            rule_id=match.rule_id,
        )
    if match.meaning is None:
        return Verdict(
            "Nothing happens",
            "",
            "message-square",
            "It is a message like any other.",
            "No rule takes it for a request.",
        )
    verdict = {
        Meaning.OPT_OUT: _opts_out,
        Meaning.LIFT: _comes_back,
        Meaning.HELP: _asks_for_help,
    }[match.meaning]
    return verdict(match, channel)


def _opts_out(match: Match, channel: Channel) -> Verdict:
    chosen = _list_of(match)
    return Verdict(
        f"Opts out of {chosen.name}",
        "danger",
        "ban",
        f"The person is added to the list {_where(channel)}.",
        _why(match),
        answer=chosen.message,
        rule_id=match.rule_id,
    )


def _comes_back(match: Match, channel: Channel) -> Verdict:
    return Verdict(
        f"Comes back to {_list_of(match).name}",
        "ok",
        "undo-2",
        f"Ends the entry {_where(channel)}, if the person made it.",
        _why(match),
        rule_id=match.rule_id,
    )


def _asks_for_help(match: Match, channel: Channel) -> Verdict:
    return Verdict(
        "Asks for help",
        "accent",
        "circle-question-mark",
        "The channel's help text is sent. Nothing else changes.",
        _why(match),
        answer=channel.help_text,
        rule_id=match.rule_id,
    )


def _list_of(match: Match) -> OptOutList:
    if match.list_id is None:
        return default_list()
    return OptOutList.objects.get(pk=match.list_id)


def _where(channel: Channel) -> str:
    everywhere = Workspace.load().person_opts_out_everywhere
    return "on all channels" if everywhere else f"on {channel.name}"


def _why(match: Match) -> str:
    tier = _TIERS[match.tier] if match.tier else ""
    return f"{tier} What counts is “{match.word}”."


# The table of words


def _words(request: PageRequest) -> dict[str, Any]:
    every = [*word_table.of_lists(), *word_table.built_in()]
    languages = list(dict.fromkeys(word.language for word in every if word.language))
    filters = WordFilter(request.GET, languages=languages)
    wanted = filters.cleaned_data if filters.is_valid() else {}
    shown = [word for word in every if _matches(word, wanted)]
    return {
        "filters": filters,
        "words": [(word, *MEANINGS[word.meaning]) for word in shown],
        "total": len(every),
    }


def _matches(word: Word, wanted: dict[str, Any]) -> bool:
    origin = "lists" if word.opt_out_list else word.language
    return (
        spoken(wanted.get("search", "")) in spoken(word.text)
        and wanted.get("meaning", "") in ("", word.meaning)
        and wanted.get("language", "") in ("", origin)
    )
