"""Conditions: what each operator says of what comes in, and how it says why."""

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import conditions
from connectors.conditions import Condition, ConditionError, Filter
from connectors.operators import OPERATORS, Kind


def compare(value, kind, operator, *operands, delimiter=","):
    condition = Condition(
        "{{body.value}}", Kind(kind), operator, *operands, delimiter=delimiter
    )
    return conditions.holds(condition, {"body": {"value": value}})


TEXTS = [
    (" Gold ", "is", ["gOLD"], True),
    ("Straße", "is", ["STRASSE"], True),
    ("cafe\u0301", "is", ["CAFÉ"], True),
    ("gold", "is", ["silver"], False),
    ("gold", "is_not", ["silver"], True),
    ("gold", "is_not", [" Gold"], False),
    (None, "is_not", ["gold"], True),
    ("b", "in_list", ["A, B ,c"], True),
    ("", "in_list", ["a,,b"], False),
    ("a,b", "in_list", ["a,b"], False),
    ("d", "not_in_list", ["a,b"], True),
    ("Order 12", "contains", ["ORDER"], True),
    ("Order 12", "contains", ["13"], False),
    ("Order 12", "does_not_contain", ["13"], True),
    ("Order 12", "starts_with", ["order"], True),
    ("Order 12", "starts_with", ["12"], False),
    ("Order 12", "ends_with", ["12"], True),
    ("Order 12", "ends_with", ["order"], False),
    ("abc", "min_length", ["3"], True),
    ("abc", "min_length", ["4"], False),
    (" abc ", "max_length", ["3"], True),
    ("abc", "max_length", ["2"], False),
    *[(empty, "is_empty", [], True) for empty in ("", "  ", None, [], {})],
    *[(full, "is_empty", [], False) for full in ("a", 0, False, [0])],
    *[(full, "is_not_empty", [], True) for full in ("a", 0, False, [0])],
    (None, "is_not_empty", [], False),
    (True, "is", ["true"], True),
    ([1, "a"], "is", ['[1,"a"]'], True),
    (".*", "is", ["x"], False),
    ("(a+)+$", "contains", ["(a+)+$"], True),
    ("a" * 99_999 + "!", "ends_with", ["!"], True),
    ("{{body.value}}", "is", ["{{body.value}}"], True),
]
NUMBERS = [
    (5, "equals", ["5.0"], True),
    ("1e10", "equals", ["10000000000"], True),
    (0.1, "equals", ["0.1"], True),
    (10**400, "greater", ["5"], True),
    ("-3", "less", ["-2.5"], True),
    (5, "less", ["5"], False),
    (5, "greater", ["5"], False),
    (5, "not_equals", ["6"], True),
    (5, "not_equals", ["5"], False),
    (5, "between", ["5", "6"], True),
    (7, "between", ["5", "6"], False),
    (7, "not_between", ["5", "6"], True),
    (" 123 ", "min_length", ["3"], True),
    (123, "max_length", ["2"], False),
    ("", "is_empty", [], True),
    ("abc", "is_not_empty", [], True),
    (1962580010.0, "equals", ["1962580010"], True),
    ("1e9999", "greater", ["1"], True),
]
DATES = [
    ("2026-11-24", "is", ["2026-11-24"], True),
    ("2026-11-24T23:30:00Z", "is", ["2026-11-25"], True),  # in Madrid
    ("2026-11-24", "on", ["2026-11-24"], True),
    ("2026-11-24", "is_not", ["2026-11-25"], True),
    ("2028-02-29", "after", ["2028-02-28"], True),
    ("2026-11-24", "before", ["2026-11-24"], False),
    ("2026-11-24", "not_before", ["2026-11-24"], True),
    ("2026-11-24", "between", ["2026-11-01", "2026-11-30"], True),
    ("2026-12-24", "not_between", ["2026-11-01", "2026-11-30"], True),
    (1795503600, "is", ["2026-11-24"], True),
    ("", "is_empty", [], True),
]
TIMES = [
    ("09:30", "is", ["09:30:00"], True),
    ("2026-07-01T09:30:00Z", "is", ["11:30"], True),
    ("09:30", "after", ["09:29:59"], True),
    ("09:30", "not_before", ["09:30"], True),
    ("23:00", "between", ["22:00", "06:00"], True),
    ("12:00", "between", ["22:00", "06:00"], False),
    ("12:00", "not_between", ["22:00", "06:00"], True),
    ("12:00", "between", ["09:00", "17:00"], True),
]
MOMENTS = [
    ("2026-11-24T10:00:00+01:00", "is", ["2026-11-24T09:00:00Z"], True),
    ("2026-11-24 10:00", "is", ["2026-11-24T09:00:00Z"], True),  # Madrid's clock
    (1795510800, "is", ["2026-11-24T09:00:00Z"], True),
    ("1795510800000", "is", ["2026-11-24T09:00:00Z"], True),
    ("2026-11-24T23:30:00Z", "on", ["2026-11-25"], True),
    ("2026-11-24T10:00:00Z", "on", ["2026-11-25"], False),
    ("2026-11-24T10:00:00Z", "after", ["2026-11-24T10:00:01Z"], False),
    ("2026-11-24T10:00:00Z", "before", ["2026-11-24T10:00:01Z"], True),
    ("2026-11-24T10:00:00Z", "not_before", ["2026-11-24T10:00:00Z"], True),
    ("2026-11-24T10:00:00Z", "between", ["2026-11-24", "2026-11-25"], True),
    ("2026-03-29T02:30:00", "after", ["2026-03-29T00:00:00Z"], True),  # no such clock
]
EMAILS = [
    ("Ann@Example.COM", "is", ["ann@example.com"], True),
    ("ann@bücher.de", "is", ["ann@xn--bcher-kva.de"], True),
    ("ann@example.com", "is_not", ["bo@example.com"], True),
    ("ann@bücher.de", "contains", ["Bücher"], True),
    ("ann@example.com", "does_not_contain", ["@example"], False),
    ("Ann@example.com", "starts_with", ["ann"], True),
    ("ann@example.com", "ends_with", ["@EXAMPLE.com"], True),
    ("ann@example.com.evil.io", "ends_with", ["@example.com"], False),
    ("", "is_empty", [], True),
]
TABLE = [
    (kind, *row)
    for kind, rows in zip(
        Kind, (TEXTS, NUMBERS, DATES, TIMES, MOMENTS, EMAILS), strict=True
    )
    for row in rows
]


def named(value):
    return repr(value)[:30]


@pytest.mark.parametrize(
    ("kind", "value", "operator", "operands", "expected"), TABLE, ids=named
)
@override_settings(TIME_ZONE="Europe/Madrid")
def test_an_operator_holds(kind, value, operator, operands, expected):
    assert compare(value, kind, operator, *operands).is_true is expected


CALENDAR = (
    "is is_not on after before not_before between not_between is_empty is_not_empty"
)
NAMES = {
    "text": "is is_not in_list not_in_list contains does_not_contain starts_with "
    "ends_with min_length max_length is_empty is_not_empty",
    "number": "equals not_equals greater less between not_between "
    "min_length max_length is_empty is_not_empty",
    "date": CALENDAR,
    "time": CALENDAR,
    "datetime": CALENDAR,
    "email": "is is_not contains does_not_contain starts_with ends_with "
    "is_empty is_not_empty",
}


@pytest.mark.parametrize("kind", Kind)
def test_the_names_that_plans_keep_stay(kind):
    assert " ".join(one.name for one in OPERATORS[kind]) == NAMES[kind]


@pytest.mark.parametrize("kind", Kind)
def test_the_hint_of_an_operator_is_an_operand_of_it(kind):
    for one in OPERATORS[kind]:
        hints = [one.hint or "x"] * one.operands
        assert one.operands == 0 or one.read(tuple(hints), ",")


UNREADABLE = [
    *[("number", bad) for bad in ("abc", True, [], {}, "NaN", "Infinity", "1 000,5")],
    *[
        ("number", bad)
        for bad in ("0x10", "१२", "1_0", "1" * 501, "1e99999", float("nan"))
    ],
    *[("date", bad) for bad in ("2026-02-29", "24.11.2026", "tomorrow", "9" * 30, 5)],
    *[("time", bad) for bad in ("24:00", "25:00", "9:30", "2026-11-24", "09:30+02:00")],
    *[
        ("datetime", bad)
        for bad in ("2026-11-24T24:00", "0001-01-01T00:00+14:00", "x" * 100_000)
    ],
    *[("datetime", bad) for bad in ("\x00", "\ud800", "99999999999999")],
    *[("email", bad) for bad in ("ann", "a@b@c.de", "\ud800@x.de", 7, ["a@b.de"])],
]
OPERANDS = {
    "number": "5",
    "date": "2026-11-24",
    "time": "09:30",
    "datetime": "2026-11-24T09:30",
    "email": "a@example.com",
}


@pytest.mark.parametrize(("kind", "value"), UNREADABLE, ids=named)
@override_settings(TIME_ZONE="Asia/Kolkata")
def test_what_cannot_be_read_meets_no_operator(kind, value):
    for one in OPERATORS[Kind(kind)]:
        if one.operands:
            operands = [OPERANDS[kind], OPERANDS[kind]][: one.operands]
            if one.name.endswith("_length"):
                operands = ["5"]
            verdict = compare(value, kind, one.name, *operands)
            assert not verdict.is_true, one.name
            assert "” is no " in verdict.why
            assert len(verdict.why) < 150


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
def test_an_operand_that_cannot_be_read_makes_the_condition_false(kind):
    for operator in ("is_not", "not_equals"):
        if conditions.operators.find(kind, operator):
            value = OPERANDS[kind]
            assert not compare(value, kind, operator, "{{body.gone|abc}}").is_true


@pytest.mark.parametrize("operator", ["contains", "starts_with", "ends_with"])
def test_nothing_is_contained_in_no_text(operator):
    assert not compare("gold", "text", operator, "{{body.gone}}").is_true


@pytest.mark.parametrize(
    ("value", "kind", "operator", "operands", "why"),
    [
        ("gold", "text", "is", ["silver"], "“gold” is not “silver”"),
        ("gold", "text", "is_not", ["Gold"], "“gold” is “Gold”"),
        (7, "number", "between", ["5", "6"], "“7” is not between “5” and “6”"),
        ("abc", "number", "not_equals", ["5"], "“abc” is no number"),
        (5, "number", "equals", ["{{body.value|x}}b"], "“5b” is no number"),
        (None, "number", "greater", ["5"], "body › value is empty"),
        (None, "text", "is_empty", [], "body › value is empty"),
        ("x", "text", "is_empty", [], "“x” is not empty"),
        ("x" * 99, "text", "is", ["y"], f"“{'x' * 59}…” is not “y”"),
    ],
)
def test_the_verdict_says_why(value, kind, operator, operands, why):
    assert compare(value, kind, operator, *operands).why == why


def test_a_list_may_have_a_delimiter_of_its_own():
    assert compare("a,b", "text", "in_list", "c|a,b", delimiter="|").is_true


def test_both_sides_may_be_what_came_in():
    condition = Condition("{{body.a}}", Kind.TEXT, "is", "{{body.b}}")
    assert conditions.holds(condition, {"body": {"a": "x", "b": "X"}}).is_true


def test_a_value_too_long_to_be_read_is_false():
    verdict = compare(["x" * 200_000], "text", "is_not", "y")
    assert verdict == (
        conditions.Verdict(False, "The text has more than 100,000 characters.")
    )


def raw(**changes):
    return {
        "value": "{{body.status}}",
        "kind": "text",
        "operator": "is",
        "operand": "paid",
    } | changes


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"value": " "}, "value", "required"),
        ({"value": "{{body.}}"}, "value", "bad_token"),
        ({"value": "{{secrets.key}}"}, "value", "unknown_root"),
        ({"value": None}, "value", "bad_text"),
        ({"value": ["x"]}, "value", "bad_text"),
        ({"kind": "regex"}, "kind", "unknown_kind"),
        ({"operator": "matches"}, "operator", "unknown_operator"),
        ({"operator": "equals"}, "operator", "unknown_operator"),
        ({"operand": ""}, "operand", "required"),
        ({"operand": "{{order.id}}"}, "operand", "unknown_root"),
        ({"operand": "x" * 20_001}, "operand", "too_long"),
        ({"operand": " , ", "operator": "in_list"}, "operand", "required"),
        ({"delimiter": "-" * 11}, "delimiter", "too_long"),
        ({"operand": "x", "operator": "min_length"}, "operand", "bad_operand"),
        ({"operand": "-1", "operator": "min_length"}, "operand", "bad_operand"),
        ({"kind": "date", "operand": "2026-02-30"}, "operand", "bad_operand"),
        ({"kind": "email", "operand": "paid"}, "operand", "bad_operand"),
    ],
)
def test_a_condition_that_cannot_be_asked_is_refused_with_its_field(
    changes, field, code
):
    with pytest.raises(ConditionError) as refused:
        conditions.check(raw(**changes))
    assert (refused.value.field, refused.value.code) == (field, code)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("upper", "field", "code"),
    [
        ("", "upper", "required"),
        ("x", "upper", "bad_operand"),
        ("4", "upper", "bounds_reversed"),
    ],
)
def test_the_second_bound_is_checked_too(upper, field, code):
    wish = raw(kind="number", operator="between", operand="5", upper=upper)
    with pytest.raises(ConditionError) as refused:
        conditions.check(wish)
    assert (refused.value.field, refused.value.code) == (field, code)


@pytest.mark.parametrize("wish", [None, [], "x", 5])
def test_a_condition_is_an_object(wish):
    for check in (conditions.check, Filter.check):
        with pytest.raises(ConditionError):
            check(wish)


def test_what_an_operator_does_not_take_is_left_out():
    kept = conditions.check(raw(operator="is_empty", upper="9", delimiter=";"))
    assert (kept.operand, kept.upper, kept.delimiter) == ("", "", ",")


def test_operands_with_tokens_are_read_when_it_runs():
    kept = conditions.check(
        raw(kind="number", operator="between", operand="{{body.a}}", upper="4")
    )
    assert kept.operands == ("{{body.a}}", "4")


def some_filter(match, *wanted):
    return Filter.check(
        {"match": match, "conditions": [raw(operand=text) for text in wanted]}
    )


@pytest.mark.parametrize(
    ("match", "wanted", "expected", "why"),
    [
        ("all", [], True, "There are no conditions."),
        ("any", [], True, "There are no conditions."),
        ("all", ["paid"], True, "“paid” is “paid”"),
        ("all", ["paid", "Paid"], True, "All 2 conditions hold."),
        ("all", ["paid", "x", "y"], False, "“paid” is not “x”"),
        ("any", ["x", "paid"], True, "“paid” is “paid”"),
        ("any", ["x"], False, "“paid” is not “x”"),
        ("any", ["x", "y"], False, "None of the 2 conditions holds."),
    ],
)
def test_a_filter_asks_for_all_or_any(match, wanted, expected, why):
    verdict = some_filter(match, *wanted).verdict({"body": {"status": "paid"}})
    assert (verdict.is_true, verdict.why) == (expected, why)


def test_a_filter_comes_back_from_its_json():
    kept = some_filter("any", "a", "b")
    assert Filter.from_json(kept.as_json()) == kept
    assert Filter.from_json(Filter().as_json()) == Filter()
    assert Filter.check({}) == Filter()


def test_a_filter_names_the_condition_that_is_refused():
    with pytest.raises(ConditionError) as refused:
        some_filter("all", "a", "")
    assert (refused.value.index, refused.value.field) == (1, "operand")


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"match": "none"}, "match"), ({"conditions": [raw()] * 51}, "conditions")]
    + [({"match": []}, "match"), ({"conditions": "x"}, "conditions")],
    ids=named,
)
def test_a_filter_that_cannot_be_asked_is_refused(wish, field):
    with pytest.raises(ConditionError) as refused:
        Filter.check(wish)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (raw(), "body › status is “paid”"),
        (raw(operator="is_empty"), "body › status is empty"),
        (raw(operand="{{body.b|x}}"), "body › status is “body › b”"),
        (
            raw(kind="number", operator="between", operand="1", upper="2"),
            "body › status is between “1” and “2”",
        ),
        (
            raw(operator="in_list", operand="a, b"),
            "body › status is in the list “a, b”",
        ),
    ],
)
def test_people_read_a_condition_as_a_sentence(wish, words):
    assert conditions.in_words(conditions.check(wish)) == words


OPPOSITES = [
    ("text", "is", "is_not"),
    ("text", "in_list", "not_in_list"),
    ("text", "contains", "does_not_contain"),
    ("text", "is_empty", "is_not_empty"),
]


@settings(deadline=None)
@given(value=st.text(), operand=st.text())
def test_one_of_two_opposites_holds_for_any_text(value, operand):
    operand = operand.replace("{", "(")
    for kind, one, other in OPPOSITES:
        first = compare(value, kind, one, operand)
        assert first.is_true is not compare(value, kind, other, operand).is_true


@settings(deadline=None)
@given(value=st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_one_of_two_opposites_holds_for_any_number(value):
    for one, other in (("equals", "not_equals"), ("between", "not_between")):
        operands = ["0", "10"][: 1 + (one == "between")]
        first = compare(value, "number", one, *operands)
        assert first.is_true is not compare(value, "number", other, *operands).is_true


@settings(deadline=None)
@given(value=st.datetimes(), operand=st.datetimes())
def test_a_day_is_before_or_not_before(value, operand):
    value, operand = value.date().isoformat(), operand.date().isoformat()
    first = compare(value, "date", "before", operand).is_true
    assert first is not compare(value, "date", "not_before", operand).is_true
    assert first is (value < operand)


@settings(deadline=None)
@given(value=st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text()))
def test_no_value_breaks_an_operator(value):
    for kind, all_of in OPERATORS.items():
        for one in all_of:
            compare(value, kind, one.name, *["1", "2"][: one.operands])
