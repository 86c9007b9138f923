"""Building a connector by keyboard and by drag, and at its fullest for all."""

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from connectors import building, samples
from connectors.conditions import Condition, Filter
from connectors.models import Connector
from connectors.operators import Kind
from connectors.plans import Plan, Step
from tests.browser.conftest import NARROW, WIDE, PageAs, assert_accessible
from tests.connectors.plans import ANN, a_step, add_action, fresh, make_connector

pytestmark = pytest.mark.browser

EXAMPLE = '{"customer": {"phone": "+34600111222"}, "status": "unsubscribed"}'


def press(target: Locator, key: str = "Enter") -> None:
    """As somebody without a mouse does it."""
    target.focus()
    target.press(key)


def insert(page: Page, field: str, search: str) -> None:
    """Choose an attribute by its </> button, with the keyboard alone."""
    press(page.get_by_role("button", name=f"Insert attribute into {field}"))
    expect(page.get_by_role("combobox", name="Search attributes")).to_be_focused()
    page.keyboard.type(search)
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name=field).first).to_be_focused()


def use_example(page: Page) -> None:
    press(page.get_by_role("link", name="Use an example input"))
    page.get_by_role("textbox", name="Input as JSON").fill(EXAMPLE)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#input")).to_contain_text("{{body.customer.phone}}")


def add_filter(page: Page) -> None:
    press(page.get_by_role("link", name="Add filter of Step 1"))
    insert(page, "Value of condition 1", "status")
    page.locator("#operand-1").fill("unsubscribed")
    page.keyboard.press("Enter")
    expect(page.locator("#steps")).to_contain_text("status is “unsubscribed”")


def add_opt_out(page: Page) -> None:
    press(page.get_by_role("link", name="Add action to Step 1"))
    expect(page.get_by_role("searchbox", name="Search actions")).to_be_focused()
    page.keyboard.type("opt out")
    kinds = page.locator("#kinds a")
    expect(kinds).to_have_count(2)
    press(kinds.first)
    insert(page, "Number", "phone")
    page.get_by_role("checkbox", name="Default opt-out list").check()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".plan-action")).to_contain_text("customer")


def test_opt_outs_of_another_system_are_synced_by_keyboard_from_an_empty_page(
    page_as: PageAs, live_server
) -> None:
    page = page_as("Marketer", "/connectors/")
    press(page.locator("#new-connector"))
    page.get_by_role("textbox", name="Name").fill("Shop")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Waiting for the first input…")).to_be_visible()
    use_example(page)
    press(page.get_by_role("button", name="Add the first step"))
    add_filter(page)
    add_opt_out(page)
    press(page.get_by_role("button", name="Add step"))
    expect(page.locator(".plan-step")).to_have_count(2)
    handle = page.get_by_role("button", name="Drag Step 2")
    press(handle, "Space")
    handle.press("ArrowUp")
    handle.press("Space")
    expect(page.get_by_text("Step 2 is at place 1 of 2 now.")).to_be_attached()
    expect(page.locator(".plan-step").nth(1)).to_contain_text("unsubscribed")
    press(page.get_by_role("link", name="Dry run"))
    press(page.get_by_role("button", name="Dry run"))
    expect(page.locator(".trial")).to_contain_text("Add to opt-out list")


def test_steps_are_dragged_and_escape_puts_them_back(
    page_as: PageAs, live_server
) -> None:
    shop = make_connector("Shop", *[a_step(name) for name in ("One", "Two", "Three")])
    page = page_as("Marketer", f"/connectors/{shop.pk}/edit/")
    handle = page.get_by_role("button", name="Drag One")
    press(handle, "Space")
    handle.press("ArrowDown")
    handle.press("Escape")
    expect(page.locator(".plan-step").first).to_contain_text("One")
    handle.hover()
    page.mouse.down()
    below = page.locator(".plan-step").nth(1).bounding_box()
    assert below is not None
    page.mouse.move(below["x"] + 30, below["y"] + below["height"] - 5, steps=5)
    page.mouse.up()
    expect(page.get_by_text("One is at place 2 of 3 now.")).to_be_attached()
    assert [step.name for step in building.current_plan(fresh(shop)).steps] == [
        "Two",
        "One",
        "Three",
    ]


def crowded() -> tuple[Connector, Step]:
    """Names and words as long as they may be, and many of everything."""
    says = Condition(f"{{{{body.{'x' * 150}}}}}", Kind.TEXT, "is", "y" * 300)
    many = Filter(conditions=(says,) * 4)
    first = a_step("W" * 60, *[add_action() for _ in range(6)], filter=many)
    rest = [a_step(f"Then {n}", delay=timedelta(days=n)) for n in range(8)]
    row = make_connector("Long name " * 6, first)
    building.rename(row, name=row.name, description="word " * 60)
    building.save_plan(row, Plan((first, *rest)), actor=ANN)
    samples.keep_example(row, {f"key {n} {'k' * 100}": "v" * 300 for n in range(60)})
    return row, first


@pytest.mark.parametrize(
    ("scheme", "size", "pages"),
    [("light", NARROW, ("edit",)), ("dark", WIDE, ("settings", "try", "edit"))],
)
def test_a_crowded_connector_can_be_built_by_all(
    page_as: PageAs,
    live_server,
    scheme: str,
    size: tuple[int, int],
    pages: tuple[str, ...],
) -> None:
    row, first = crowded()
    page = page_as("Admin", "/connectors/", size=size, scheme=scheme)
    for rest in pages:
        assert_accessible(page)
        page.goto(f"/connectors/{row.pk}/{rest}/")
    page.locator(f"#filter-{first.id}").click()
    opener = page.get_by_role("button", name="Insert attribute into Value of cond")
    opener.first.click()
    expect(page.locator(".picker [role=option]").first).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(opener.first).to_be_focused()
