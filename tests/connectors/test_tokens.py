"""Tokens: what a connector's texts take from what came in, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import tokens
from connectors.tokens import MissingAttribute, TokenError
from optout import content
from optout.models import Content


def short(value: Any) -> str:
    return repr(value)[:40]


BODY = {
    "customer": {"phone": "+34600111222", "name": "Ann"},
    "items": [{"sku": "A-1"}, {"sku": "A-2", "big": 10**40}],
    "Phone number": "0600",
    'a"}}]|{{': "odd",
    "spent": 1962580010.0,
    "vip": True,
    "none": None,
    "empty": "",
    "0": "zero",
    "Teléfono": "uno",
}
DATA = {
    "body": BODY,
    "custom_variables": {"list": "news", "tag": ["a", "b"]},
    "responses": {"shop": {"status": 200, "body": [{"id": 7}]}},
    "run": {"id": 5, "received_at": "2026-11-24T05:00:00+00:00"},
    "connector": {"name": "Shop"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("To {{body.customer.phone}}!", "To +34600111222!"),
        ("{{ body.customer.name }}{{body.items[1].sku}}", "AnnA-2"),
        ('{{body["Phone number"]}} {{body["customer"]["name"]}}', "0600 Ann"),
        (r'{{body["a\"}}]|{{"]}}', "odd"),
        ("{{body.items[1].big}} {{body.spent}}", f"{10**40} 1962580010.0"),
        ("{{body.vip}} {{body.0}} {{body.Teléfono}}", "true zero uno"),
        ("{{body.items[0]}}", '{"sku":"A-1"}'),
        ("{{custom_variables.tag}}", '["a","b"]'),
        ("{{custom_variables.tag[1]}}", "b"),
        ("{{responses.shop.body[0].id}} {{responses.shop.status}}", "7 200"),
        ("{{run.id}} {{connector.name}}", "5 Shop"),
    ],
)
def test_a_token_becomes_the_text_of_its_value(text, expected):
    assert tokens.resolve(text, DATA) == expected


@pytest.mark.parametrize(
    ("body", "expected"), [([{"id": 1}], '1 [{"id":1}]'), ({"0": 1}, '- {"0":1}')]
)
def test_the_body_may_be_a_list_and_may_be_taken_whole(body, expected):
    assert tokens.resolve("{{body[0].id|-}} {{body}}", {"body": body}) == expected


@pytest.mark.parametrize(
    "path",
    ["body.nobody", "body.none", "body.items[2]", "body.items.sku", "body[0]"]
    + ["body.customer.phone.upper", "body.items.__len__"]
    + ["body.customer.phone[0]", "body.0.x", "responses.late.status", "secrets.key"]
    + ["body.__class__", "body.customer.keys", "body.customer.__init__.__globals__"],
)
def test_what_is_not_there_takes_the_fallback_or_is_refused(path):
    assert tokens.resolve(f"<{{{{{path}| none }}}}>", DATA) == "<none>"
    assert tokens.resolve(f"<{{{{{path}|}}}}>", DATA) == "<>"
    assert tokens.resolve_or_empty(f"<{{{{{path}}}}}>", DATA) == "<>"
    with pytest.raises(MissingAttribute) as refused:
        tokens.resolve(f"<{{{{{path}}}}}>", DATA)
    assert refused.value.code == "missing_attribute"
    assert refused.value.message == f"The input has no {path}."


def test_an_empty_text_takes_the_fallback_and_else_stays_empty():
    assert tokens.resolve("<{{body.empty|none}}>", DATA) == "<none>"
    assert tokens.resolve("<{{body.empty}}>", DATA) == "<>"


@pytest.mark.parametrize(
    "text",
    ["{{name}}", "{{ name | friend }}", "{name.__class__.__init__.__globals__}"]
    + [
        "{% include 'x' %}",
        "%s%s",
        "${x}",
        "{{7*7}}",
        "{{}}",
        "{{",
        "}}",
        "{ {body.x}}",
    ]
    + ["{{bodywork}}", "{{" * 100_000, "{{ " * 30_000, "{{a|" * 20_000, "a\x00\ud800"],
    ids=short,
)
def test_other_braces_and_other_languages_of_templates_are_text(text):
    text = text[: tokens.MAX_TEXT]
    tokens.check(text, field="text")
    assert tokens.resolve(text, DATA) == text
    assert tokens.paths(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [(f"Hi {{{{{bad}}}}}", "bad_token") for bad in ("body.", "body..x", "body x")]
    + [(f"{{{{body{bad}}}}}", "bad_token") for bad in ("[-1]", "[01]", "['x']", "[x]")]
    + [(f'{{{{body["x{bad}}}}}', "bad_token") for bad in ("", '"', "\n", "\\q")]
    + [(f"{{{{body[{10**30}]}}}}", "bad_token"), ("{{body.x", "bad_token")]
    + [("{{body.x|{{body.y}}}}", "bad_token"), ("{{body-x}}", "bad_token")]
    + [(f"{{{{body.x|{'f' * 101}}}}}", "bad_token"), ("{{secrets}}", "bad_token")]
    + [("{{body[" * 10_000, "bad_token"), ('{{body["' * 10_000, "bad_token")]
    + [("{{ settings.SECRET_KEY }}", "unknown_root"), ("{{Body.x}}", "unknown_root")]
    + [("{{order[0]}}", "unknown_root"), ("{{secrets.key}}", "unknown_root")]
    + [("{{body.x}}" + "x" * tokens.MAX_TEXT, "too_long")],
    ids=short,
)
def test_a_token_that_cannot_be_read_is_refused_when_it_is_written(text, code):
    with pytest.raises(TokenError) as refused:
        tokens.check(text, field="phone")
    assert (refused.value.code, refused.value.field) == (code, "phone")
    assert len(refused.value.message) < 300


@pytest.mark.parametrize("text", ["{{body.x y}}", "{{settings.KEY}}", "{{body[-1]}}"])
def test_a_token_that_cannot_be_read_is_never_sent_as_text(text):
    for resolve in (tokens.resolve, tokens.resolve_or_empty, tokens.as_variables):
        with pytest.raises(TokenError):
            resolve(text, DATA)


def test_the_refusal_names_the_token():
    with pytest.raises(TokenError, match=r"“\{\{body\.x y\}\}” cannot be read"):
        tokens.check("Dear {{name}}, {{body.x y}} and more", field="text")


def test_secrets_are_read_only_where_they_are_allowed_and_given():
    text = "Bearer {{secrets.key}}"
    tokens.check(text, field="headers", roots=tokens.WITH_SECRETS)
    assert tokens.resolve(text, DATA | {"secrets": {"key": "s3"}}) == "Bearer s3"


def test_the_paths_of_a_text_stand_once_each():
    text = "{{body.a}} {{body.b[0]}} {{body.a|x}} {{name}}"
    assert tokens.paths(text) == [("body", "a"), ("body", "b", 0)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("body", "customer", "phone"), "{{body.customer.phone}}"),
        (("body", "items", 0, "sku"), "{{body.items[0].sku}}"),
        (("body", "Phone number"), '{{body["Phone number"]}}'),
        (("body", 'a"]}}'), r'{{body["a\"]}}"]}}'),
        (("body", ""), '{{body[""]}}'),
        (("body", "half \ud800"), r'{{body["half \ud800"]}}'),
        (("body",), "{{body}}"),
    ],
)
def test_the_picker_writes_a_token_for_a_path(path, expected):
    assert tokens.token(path) == expected
    assert tokens.paths(expected) == [path]


def test_people_read_a_path_and_not_its_signs():
    text = 'To {{body.items[0]["Phone number"]|none}} of {{name}}'
    assert tokens.in_words(text) == "To body › items[0] › Phone number of {{name}}"
    assert tokens.in_words("{{body.}}") == "{{body.}}"


@pytest.mark.parametrize("value", ["{{body.secret}}", "{{name}}", "{{run.id|x}}", "{{"])
def test_a_value_is_never_expanded_again(value):
    data = {"body": {"value": value, "secret": "hidden"}, "run": {"id": 1}}
    assert tokens.resolve("{{body.value}}.", data) == f"{value}."
    assert tokens.fill(["{{body.value}}", "{{body.value}}."], data) == [
        value,
        f"{value}.",
    ]


def test_a_value_cannot_make_a_token_with_the_text_around_it():
    data = {"body": {"open": "{{", "close": "}}", "x": "hidden"}}
    text = "{{body.open}}body.x{{body.close}} {{{body.x}}}"
    assert tokens.resolve(text, data) == "{{body.x}} {hidden}"


@pytest.mark.parametrize(
    "text", ["{{body}}", "{{body}}" * 1_000, "x{{body}}"], ids=short
)
def test_a_text_that_would_grow_too_long_is_refused(text):
    data = {"body": "x" * tokens.MAX_TEXT + "x" * (text == "{{body}}")}
    with pytest.raises(TokenError) as refused:
        tokens.resolve(text, data)
    assert refused.value.code == "too_long"
    assert refused.value.message == "The text has more than 100,000 characters."


def nested(depth: int) -> list[Any]:
    node: list[Any] = []
    for _ in range(depth):
        node = [node]
    return node


@pytest.mark.parametrize(
    "value", [nested(50_000), 10**5_000, [10**5_000]], ids=("deep", "digits", "list")
)
def test_a_value_too_large_to_be_written_is_refused(value):
    with pytest.raises(TokenError) as refused:
        tokens.resolve("{{body}}", {"body": value})
    assert refused.value.code == "too_long"


def rendered(text: str, values: dict[str, str]) -> content.Rendered:
    return content.render(Content(subject=text, text=text, html=text), values)


def test_a_message_takes_its_tokens_as_variables_of_its_own():
    body = {"name": "<b>{{name}}</b>\nBcc: x"}
    template, values = tokens.as_variables("Hi {{name}} {{body.name}}", {"body": body})
    message = rendered(template, values | {"name": "Ann"})
    assert message.subject == "Hi Ann <b>{{name}}</b> Bcc: x"
    assert message.text == "Hi Ann <b>{{name}}</b>\nBcc: x"
    assert message.html == "Hi Ann &lt;b&gt;{{name}}&lt;/b&gt;\nBcc: x"


def test_a_subject_and_a_text_share_the_variables_of_a_message():
    subject, of_subject = tokens.as_variables("{{run.id}} {{connector.name}}", DATA)
    text, of_text = tokens.as_variables("{{connector.name|us}}{{v1}}{{t_1}}", DATA)
    values = of_subject | of_text
    assert sorted(values.values()) == ["5", "Shop"]
    assert rendered(subject, values).text == "5 Shop"
    assert rendered(text, values | {"v1": "a", "t_1": "b"}).text == "Shopab"


def test_the_words_of_a_message_are_the_same_in_every_run():
    text = "{{body.name|friend}} {{body.name}}"
    (first, _), (second, _) = (
        tokens.as_variables(text, {"body": {"name": name}}) for name in ("Ann", "Bo")
    )
    assert first == second
    assert len(set(content.variables(first))) == 1


def test_a_missing_variable_takes_its_fallback_or_is_refused():
    template, values = tokens.as_variables("Hi {{body.nick| friend }}{{body.x|}}", DATA)
    assert rendered(template, values).text == "Hi friend"
    with pytest.raises(MissingAttribute):
        tokens.as_variables("Hi {{body.nick}}", DATA)


def test_a_value_longer_than_messages_keep_is_refused_and_not_cut():
    body = {"note": "n" * (content.MAX_VALUE + 1)}
    with pytest.raises(TokenError) as refused:
        tokens.as_variables("{{body.note}}", {"body": body})
    assert refused.value.code == "too_long"
    assert refused.value.message == (
        "body.note has 1,001 characters, a message takes 1,000 at most."
    )


def test_a_document_takes_values_with_their_types_and_keeps_its_keys():
    document = {
        "phone": "{{body.customer.phone}}",
        "{{run.id}}": ["{{run.id}}", "no {{run.id}}", 1, None, True],
        "item": "{{body.items[0]}}",
        "nick": "{{body.nick|none}}",
    }
    assert tokens.fill(document, DATA) == {
        "phone": "+34600111222",
        "{{run.id}}": [5, "no 5", 1, None, True],
        "item": {"sku": "A-1"},
        "nick": "none",
    }


def test_a_value_adds_nothing_to_a_document_but_itself():
    data = {"body": {"name": '", "admin": true, "x": "'}}
    filled = tokens.fill({"name": "Hi {{body.name}}"}, data)
    assert json.loads(json.dumps(filled)) == {"name": f"Hi {data['body']['name']}"}


@pytest.mark.parametrize("document", ["{{body.none}}", ["{{body.nick}}"]])
def test_a_document_without_its_value_is_refused(document):
    with pytest.raises(MissingAttribute):
        tokens.fill(document, DATA)


@pytest.mark.parametrize(
    ("document", "code"),
    [(nested(101), "too_deep"), (["{{body}}"] * 11, "too_long"), (["{{x.y}}"], None)],
    ids=short,
)
def test_a_document_that_cannot_be_made_is_refused(document, code):
    with pytest.raises(TokenError) as refused:
        tokens.fill(document, {"body": ["x" * 99_000]})
    assert refused.value.code == (code or "unknown_root")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://x.io/c/{{body.id}}?q={{body.q}}",
            "https://x.io/c/a%2F..%2Fb?q=1%262",
        ),
        ("https://x.io/{{body.nick|a b}}", "https://x.io/a%20b"),
        ("{{body.url}}", "https://y.io/?a=b&c"),
        ("{{body.url}}&id={{body.q}}&{{body.url}}", None),
        ("https://x.io/{{body.half}}", "https://x.io/%3F"),
    ],
)
def test_a_value_in_a_url_is_encoded_unless_it_is_the_url(url, expected):
    body = {"id": "a/../b", "q": "1&2", "url": "https://y.io/?a=b&c", "half": "\ud800"}
    whole = "https://y.io/?a=b&c&id=1%262&https%3A%2F%2Fy.io%2F%3Fa%3Db%26c"
    assert tokens.in_url(url, {"body": body}) == (expected or whole)


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_does_not_climb_the_path_of_a_url(value):
    with pytest.raises(TokenError) as refused:
        tokens.in_url("https://x.io/c/{{body}}/delete", {"body": value})
    assert refused.value.code == "bad_value"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
steps = st.lists(st.text() | st.integers(0, 10**9 - 1), max_size=5)


@settings(deadline=None)
@given(steps)
def test_any_path_is_written_as_a_token_that_leads_to_it(path):
    assert tokens.paths(tokens.token(("body", *path))) == [("body", *path)]


@settings(deadline=None)
@given(path=steps.filter(bool), value=documents)
def test_any_value_is_found_where_it_stands(path, value):
    body = value
    for step in reversed(path):
        body = (
            [None] * min(step, 99) + [body] if isinstance(step, int) else {step: body}
        )
    path = [min(step, 99) if isinstance(step, int) else step for step in path]
    text = tokens.resolve_or_empty(tokens.token(("body", *path)), {"body": body})
    assert text == ("" if value is None else tokens.as_text(value))


@settings(deadline=None)
@given(st.text(alphabet='{}|.[]"\\ abody01%$\n\x00'))
def test_any_text_is_resolved_or_refused(text):
    try:
        resolved = tokens.resolve(text, {"body": "B"})
    except (TokenError, MissingAttribute):
        assert "{{" in text
    else:
        assert "{{" in text or resolved == text


@settings(deadline=None)
@given(st.text(), st.text())
def test_a_value_never_changes_what_other_tokens_become(first, second):
    data = {"body": {"first": first, "second": second}}
    text = "<{{body.first}}|{{body.second}}>"
    assert tokens.resolve(text, data) == f"<{first}|{second}>"
    template, values = tokens.as_variables(text, data)
    assert rendered(template, values).text == f"<{first}|{second}>"
