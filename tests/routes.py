"""Every route of the product, from its URL conf."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

OURS = ("optout", "teambox", "broadcaster", "connectors", "optout_project")


@dataclass(frozen=True, slots=True)
class Route:
    """A named route, the parameters of its URL, and the module that answers it."""

    name: str
    parameters: tuple[str, ...]
    module: str


def all_routes() -> list[Route]:
    """Each named route once, but those of the admin, which has its own names."""
    return list({route.name: route for route in _under(get_resolver(), ())}.values())


def _under(resolver: URLResolver, above: tuple[str, ...]) -> Iterator[Route]:
    for one in resolver.url_patterns:
        parameters = (*above, *one.pattern.converters)
        if isinstance(one, URLPattern):
            if one.name:
                yield Route(one.name, parameters, one.callback.__module__)
        elif one.app_name is None:
            yield from _under(one, parameters)


def page_routes() -> list[Route]:
    """The routes of our pages."""
    ours = (route for route in all_routes() if route.module.split(".")[0] in OURS)
    return [route for route in ours if ".api" not in route.module]


def api_routes() -> list[Route]:
    """The routes of the API."""
    return [route for route in all_routes() if ".api" in route.module]
