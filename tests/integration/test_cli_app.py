"""``visavis app``: making, listing and revoking applications."""

from __future__ import annotations

import itertools
import json

import pytest

from support.client import Client
from support.server import Server

_numbers = itertools.count(1)


@pytest.fixture
def organization() -> str:
    return f"cli-{next(_numbers)}"


def test_every_credential_is_printed_whole_on_a_narrow_terminal(server: Server, organization: str) -> None:
    told = server.run("app", "create", "--org", organization, "--name", "camera").stdout
    squeezed = "".join(part.strip(" │┃") for part in told.splitlines())
    listed = json.loads(server.run("app", "list", "--json").stdout)
    [client_id] = [each["clientId"] for each in listed if each["organization"] == organization]
    assert client_id in squeezed
    assert "…" not in told
    assert "cannot be shown again" in told


def test_what_is_listed_holds_no_secret(server: Server, organization: str) -> None:
    credentials = server.create_app(organization, "camera")
    assert set(credentials) == {
        "organization",
        "application",
        "clientId",
        "clientSecret",
        "apiKey",
        "subscriptionKey",
    }
    told = server.run("app", "list", "--json").stdout
    assert credentials["clientId"] in told
    for secret in ("clientSecret", "apiKey", "subscriptionKey"):
        assert credentials[secret] not in told


def test_a_revoked_application_is_out_at_once_and_its_name_is_free(server: Server, organization: str) -> None:
    with Client(server.base_url, server.create_app(organization, "camera")) as client:
        assert client.groups("office") == []
        assert "is revoked" in server.run("app", "revoke", "--org", organization, "--name", "camera").stdout
        assert client.post("/v2/recognition/groups/office/search", json={}).status_code == 401
    again = server.run("app", "revoke", "--org", organization, "--name", "camera", check=False)
    assert again.returncode == 1
    assert "no application named camera in force" in again.stderr
    assert server.create_app(organization, "camera")["application"] == "camera"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--org", "", "--name", "camera"], "1 to 128 printable characters"),
        (["--org", "acme", "--name", "x" * 129], "1 to 128 printable characters"),
        (["--org", "acme", "--name", "camera", "--scope", "everything"], "Unknown scope everything"),
    ],
)
def test_nonsense_is_refused_and_makes_nothing(server: Server, arguments: list[str], complaint: str) -> None:
    before = server.run("app", "list", "--json").stdout
    refused = server.run("app", "create", *arguments, check=False)
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert server.run("app", "list", "--json").stdout == before


def test_a_name_that_is_taken_is_refused(server: Server, organization: str) -> None:
    server.create_app(organization, "camera")
    refused = server.run("app", "create", "--org", organization, "--name", "camera", check=False)
    assert refused.returncode == 1
    assert "already" in refused.stderr
