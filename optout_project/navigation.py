"""What stands in the rail and in the More menu, in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from optout import access, reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A place one can go to; shown when its URL exists and the user may see it."""

    label: str
    icon: str
    url_name: str
    permission: str = ""
    staff_only: bool = False
    pinned: bool = False  # stays in the bottom bar of a narrow screen
    count: Callable[[HttpRequest], int] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Items of the More menu under one title."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An item as one user sees it on one page."""

    label: str
    icon: str
    url: str
    pinned: bool
    current: str  # a value of aria-current: "page", "true" or ""
    count: int


RAIL = (
    Item(label="Dashboard", icon="layout-dashboard", url_name="dashboard", pinned=True),
    Item(
        label="Teambox",
        icon="inbox",
        url_name="teambox",
        permission="teambox.view_conversation",
        pinned=True,
    ),
    Item(
        label="Review",
        icon="shield-alert",
        url_name="review",
        permission="optout.decide_reviews",
        count=lambda _: reviews.waiting_count(),
        pinned=True,
    ),
    Item(
        label="Contacts",
        icon="users",
        url_name="contacts",
        permission="teambox.view_contact",
    ),
    Item(
        label="Broadcaster",
        icon="megaphone",
        url_name="broadcasts",
        permission="broadcaster.view_broadcast",
        pinned=True,
    ),
    Item(
        label="Sequences",
        icon="workflow",
        url_name="sequences",
        permission="broadcaster.view_sequence",
    ),
    Item(
        label="Connectors",
        icon="plug",
        url_name="connectors",
        permission="connectors.view_connector",
    ),
    Item(
        label="Smart replies",
        icon="bot",
        url_name="smart-replies",
        permission="teambox.view_smartreply",
    ),
    Item(label="Opt-out lists", icon="ban", url_name="lists", pinned=True),
)

MORE = (
    Group(
        "Settings › Social CRM Settings",
        (
            Item(label="Opt Out", icon="ban", url_name="lists"),
            Item(label="Channels", icon="smartphone", url_name="channels"),
            Item(label="Keywords", icon="hash", url_name="keywords"),
            Item(
                label="Attributes and tags",
                icon="tag",
                url_name="contact-attributes",
                permission="teambox.change_contactattribute",
            ),
            Item(
                label="Workspace",
                icon="sliders-horizontal",
                url_name="settings",
                permission="optout.change_workspace",
            ),
        ),
    ),
    Group(
        "Developers",
        (
            Item(
                label="Webhook deliveries",
                icon="webhook",
                url_name="deliveries",
                permission="optout.view_webhookdelivery",
            ),
            Item(
                label="Sandbox",
                icon="flask-conical",
                url_name="sandbox",
                permission="optout.view_sandboxmessage",
            ),
            Item(label="API", icon="braces", url_name="api-docs"),
            Item(
                label="Django admin",
                icon="database",
                url_name="admin:index",
                staff_only=True,
            ),
        ),
    ),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the rail's links and the More menu's groups for this user and page."""
    rail = links(RAIL, request)
    more = [(group.title, links(group.items, request)) for group in MORE]
    return {"rail": rail, "more": [(title, shown) for title, shown in more if shown]}


def links(items: Iterable[Item], request: HttpRequest) -> list[Link]:
    """Return the items this user may reach; at most one of them is current."""
    reachable = [(item, url) for item in items if (url := url_for(item, request))]
    here = current([url for _, url in reachable], request.path)
    return [
        Link(
            label=item.label,
            icon=item.icon,
            url=url,
            pinned=item.pinned,
            current=(here == url) * ("page" if url == request.path else "true"),
            count=item.count(request) if item.count else 0,
        )
        for item, url in reachable
    ]


def url_for(item: Item, request: HttpRequest) -> str:
    """Return the item's URL, or an empty text when there is none for this user."""
    user = request.user
    if item.staff_only and (not user.is_staff or access.masks(request)):
        return ""
    if item.permission and not user.has_perm(item.permission):
        return ""
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""


def current(urls: Iterable[str], path: str) -> str:
    """Return the URL the path lies under, the longest first; the root is only itself.

    >>> current(["/", "/opt-out/"], "/opt-out/7/")
    '/opt-out/'
    """
    under = [u for u in urls if path == u or (u != "/" and path.startswith(u))]
    return max(under, key=len, default="")
