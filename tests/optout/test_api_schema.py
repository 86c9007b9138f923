"""The OpenAPI document and its page."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from optout.api.urls import urlpatterns

WRITTEN = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"


@pytest.fixture(scope="module")
def document() -> Any:
    """The document as it is made now; a warning fails."""
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    return yaml.safe_load(out.getvalue())


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_written_document_is_the_one_that_is_served(document: Any) -> None:
    assert yaml.safe_load(WRITTEN.read_text()) == document


def test_every_route_stands_in_the_document(document: Any) -> None:
    documented = len([one for one in operations(document) if "/api/v1/" in one[0]])
    ours = sum(len(pattern.callback.cls.permissions) for pattern in urlpatterns)
    assert documented >= ours


def test_every_operation_tells_its_problems_and_needs_a_key(document: Any) -> None:
    for path, method, operation in operations(document):
        due = {"400", "401", "403", "429", "503"}
        due |= {"404"} if "{" in path else set()
        due |= {"409"} if method != "get" else set()
        assert due <= set(operation["responses"]), (path, method)
        assert operation["security"] == [{"apiKey": []}]
        assert operation["description"]


def test_no_address_stands_in_a_path(document: Any) -> None:
    for path, _method, operation in operations(document):
        for parameter in operation.get("parameters", []):
            is_id = parameter["schema"].get("type") == "integer"
            assert parameter["in"] != "path" or is_id, path


@pytest.mark.django_db
def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(
    client: Client,
) -> None:
    response = client.get(reverse("api-docs"))
    page = response.content.decode()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert not re.findall(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", page)
    assert "script-src 'self'" in response["Content-Security-Policy"]
