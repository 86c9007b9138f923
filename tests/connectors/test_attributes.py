"""Attributes: what the picker lists of the samples that came in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import attributes, tokens

SAMPLE = {
    "body": {
        "customer": {"Phone number": "+34600111222", "vip": True},
        "items": [{"sku": "A"}, {"sku": "B"}],
        "tags": [],
        "note": None,
    },
    "custom_variables": {},
    "run": {"id": 5},
    "secrets": {"key": "hidden"},
}


def listed(found):
    return [(one.token, one.value) for one in found]


def test_the_values_of_a_sample_stand_in_its_order_without_secrets():
    assert listed(attributes.of(SAMPLE)) == [
        ('{{body.customer["Phone number"]}}', "+34600111222"),
        ("{{body.customer.vip}}", "true"),
        ("{{body.items[0].sku}}", "A"),
        ("{{body.items[1].sku}}", "B"),
        ("{{body.tags}}", "[]"),
        ("{{body.note}}", ""),
        ("{{custom_variables}}", "{}"),
        ("{{run.id}}", "5"),
    ]


def test_a_value_is_shortened_and_its_path_reads_well():
    (one,) = attributes.of({"body": {"Long text": "x" * 121}})
    assert (one.value, one.is_cut) == ("x" * 119 + "…", True)
    assert one.words == "body › Long text"


def test_the_first_are_shown_and_the_others_counted():
    found = attributes.of({"body": list(range(800))})
    assert (len(found), found.count, found.more) == (500, 800, 300)
    assert [one.value for one in found][:2] == ["0", "1"]
    assert attributes.of({"body": [0] * 30_000}, limit=1).count == 20_000


def test_a_deep_sample_is_listed_as_far_as_people_read():
    deep = []
    for _ in range(50_000):
        deep = [deep]
    (one,) = attributes.of({"body": deep})
    assert (len(one.path), one.value) == (attributes.MAX_DEPTH, "…")


def test_samples_are_merged_and_the_newest_value_is_shown():
    newest = {"body": {"id": 3, "phone": "1"}}
    others = [{"body": {"id": 2, "email": "a@b.de"}}, {"body": {"id": 1}}]
    found = {one.token: one for one in attributes.merged([newest, *others])}
    assert list(found) == ["{{body.id}}", "{{body.phone}}", "{{body.email}}"]
    assert [one.value for one in found.values()] == ["3", "1", "a@b.de"]
    assert [one.stands_in for one in found.values()] == [3, 1, 1]
    assert [one.is_optional for one in found.values()] == [False, True, True]


def test_a_value_that_is_null_is_missing_from_its_sample():
    samples = [{"body": {"nick": None}}, {"body": {"nick": "Bo"}}]
    (one,) = attributes.merged(samples)
    assert (one.value, one.stands_in, one.is_optional) == ("Bo", 1, True)


def test_no_sample_has_no_attributes():
    assert list(attributes.merged([])) == list(attributes.of({})) == []


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(documents)
def test_the_token_of_any_attribute_leads_to_its_value(body):
    data = {"body": body, "custom_variables": {"body": body}}
    for one in attributes.of(data):
        assert tokens.resolve_or_empty(one.token, data) == one.value


@settings(deadline=None)
@given(documents, documents)
def test_any_attribute_of_any_sample_is_listed_once(first, second):
    samples = [{"body": first}, {"body": second}]
    paths = [one.path for one in attributes.merged(samples)]
    assert len(paths) == len(set(paths))
    assert set(paths) == {one.path for data in samples for one in attributes.of(data)}
