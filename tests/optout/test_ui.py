"""The parts of pages, drawn through templates as pages draw them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone

from optout.templatetags import ui


class ListForm(forms.Form):
    """A few fields as the pages have them."""

    name = forms.CharField(help_text="As people see it.", max_length=50)
    message = forms.CharField(widget=forms.Textarea, max_length=300, required=False)
    lists = forms.MultipleChoiceField(
        choices=[("1", "Default"), ("2", "Sales")], widget=forms.CheckboxSelectMultiple
    )


def draw(source: str, request: HttpRequest | None = None, **context: Any) -> str:
    template = engines["django"].from_string("{% load ui %}" + source)
    return template.render(context, request)


def test_an_icon_is_hidden_from_readers_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in draw('{% icon "ban" %}')
    assert 'aria-label="Opted out"' in draw('{% icon "ban" "Opted out" %}')


def test_help_and_error_are_tied_to_the_control() -> None:
    html = draw("{% field form.name %}", form=ListForm({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html


def test_a_choice_of_many_is_a_fieldset_with_a_legend() -> None:
    html = draw("{% field form.lists %}", form=ListForm())
    assert html.count("<fieldset") == 1
    assert html.count('type="checkbox"') == 2
    assert '<label for="id_lists_0">Default</label>' in html


def test_only_long_fields_count_characters() -> None:
    assert "data-counter" in draw("{% field form.message %}", form=ListForm())
    assert "data-counter" not in draw("{% field form.name %}", form=ListForm())


def test_the_error_summary_links_to_each_field_in_error() -> None:
    html = draw("{% form_errors form %}", form=ListForm({}))
    assert 'href="#id_name"' in html
    assert 'role="alert"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert not draw("{% form_errors form %}", form=ListForm()).strip()


def test_a_form_stays_in_its_dialog_only_when_htmx_asked(rf: RequestFactory) -> None:
    page, fragment = rf.get("/lists/new/?a=1"), rf.get("/lists/new/?a=1")
    fragment.htmx = True  # type: ignore[attr-defined]
    plain = draw("<form {% dialog_form %}>", page)
    inside = draw("<form {% dialog_form %}>", fragment)
    assert plain == '<form action="/lists/new/?a=1">'
    assert 'hx-post="/lists/new/?a=1" hx-target="#dialog"' in inside


def test_the_pager_keeps_the_filters(rf: RequestFactory) -> None:
    page = Paginator(range(100), 10).get_page(2)
    html = draw("{% pager page %}", rf.get("/?search=asha&page=2"), page=page)
    assert html.count("?search=asha&amp;page=") == html.count("<a") > 3
    assert "11–20 of 100 entries" in html


def test_an_opted_out_address_names_its_lists_and_escapes_them() -> None:
    html = draw("{% address text lists %}", text="+34600", lists=["A & B", "<b>"])
    assert 'title="On A &amp; B, &lt;b&gt;"' in html


def test_an_address_on_no_list_has_no_ban() -> None:
    assert "ban" not in draw("{% address text %}", text="+34600")


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=4), "4 days ago"),
        (timedelta(minutes=-20), "in 20 min"),
        (timedelta(days=-3), "15 Nov"),
        (timedelta(days=40), "3 Oct"),
        (timedelta(days=400), "8 Oct 2025"),
    ],
)
def test_a_time_reads_as_a_person_would_say_it(before: timedelta, words: str) -> None:
    now = datetime(2026, 11, 12, 12, tzinfo=UTC)
    assert ui.relative(now - before, now) == words


def test_a_time_carries_the_exact_moment() -> None:
    html = draw("{% when moment %}", moment=timezone.now())
    assert "<time datetime=" in html
    assert "just now" in html


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Asha Menon", "AM"),
        ("asha@example.com", "AS"),
        ("+34 600 111", "34"),
        ("Léa", "LÉ"),
        ("", "?"),
        ("🙂", "?"),
    ],
)
def test_initials_stand_for_names_and_addresses(name: str, expected: str) -> None:
    assert ui.initials(name) == expected


@pytest.mark.parametrize(
    ("part", "total", "text"),
    [(1, 3, "33.3%"), (1, 2, "50%"), (0, 9, "0%"), (1, 0, "–"), (None, None, "–")],
)
def test_percentages(part: float | None, total: float | None, text: str) -> None:
    assert ui.percent(part, total) == text


def test_numbers_are_grouped_and_none_is_a_dash() -> None:
    assert draw("{{ n|number }} {{ none|number }}", n=1234567, none=None) == (
        "1,234,567 –"
    )


def test_progress_without_a_total_claims_no_share() -> None:
    assert "value=" not in draw('{% progress 3 None "Preparing" %}')
    assert 'value="3" max="9"' in draw('{% progress 3 9 "Importing" %}')


def test_a_message_may_carry_the_url_that_undoes_it() -> None:
    assert ui.undo_url("undo:/entries/5/put-back/ other") == "/entries/5/put-back/"
    assert ui.undo_url(None) == ""


def test_the_body_of_a_dialog_is_escaped_once() -> None:
    source = '{% dialog "d" title %}<p>{{ text }}</p>{% enddialog %}'
    html = draw(source, title="<i>", text="<b>")
    assert "<p>&lt;b&gt;</p>" in html
    assert "&lt;i&gt;</h2>" in html
