"""Programs that call the API with a key of some role."""

from rest_framework.response import Response
from rest_framework.test import APIClient

from optout.access import Role, create_api_key


def client_of(role: Role = Role.ADMIN) -> APIClient:
    """A program with a new key of this role."""
    _key, text = create_api_key(name=f"program of {role}", role=role)
    return client_with(text)


def client_with(text: str) -> APIClient:
    """A program that says this is its key."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def problem(response: Response) -> tuple[int, str, str]:
    """Status, code, and the first field that a problem document names."""
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    first = body["errors"][0] if body["errors"] else {"pointer": "", "code": ""}
    code = first["code"] if body["code"] == "invalid" else body["code"]
    return response.status_code, code, first["pointer"]
