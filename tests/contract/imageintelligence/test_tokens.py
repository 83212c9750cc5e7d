"""Client id and secret in, access token out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support.contract import Contract, ContractClient
from support.server import Server

TOKEN = "/v2/oauth/token"


@pytest.fixture(scope="module")
def hasty_server(server: Server) -> Iterator[Server]:
    """Another server over the same home, whose tokens live for a second."""
    other = Server(server.home, workers=0, token_ttl_seconds="1")
    other.start()
    yield other
    assert other.stop() == 0


def keys(client: ContractClient) -> dict[str, str]:
    return {name: client.credentials[name] for name in ("clientId", "clientSecret")}


def ask(client: ContractClient, **options: Any) -> httpx.Response:
    """Ask for a token as a stranger does: without one."""
    request = client.build_request("POST", TOKEN, **options)
    del request.headers["Authorization"]
    return client.send(request)


def test_a_token_lives_a_day_and_says_whose_it_is(ada: ContractClient) -> None:
    before_ms = int(time.time()) * 1000
    token = ask(ada, json=keys(ada)).json()
    assert token["expiresAt"] - token["issuedAt"] == 86_400_000
    assert before_ms <= token["issuedAt"] <= time.time() * 1000
    assert (token["orgName"], token["appName"]) == (ada.credentials["organization"], ada.credentials["application"])


def test_a_token_has_every_scope_by_default(ada: ContractClient) -> None:
    scopes = ada.token["scope"].split(" ")
    wanted = {f"recognition:{right}" for right in ("read", "create", "update", "remove")}
    wanted |= {f"{thing}:{right}" for thing in ("match", "ask", "detect", "feedback") for right in ("read", "create")}
    assert set(scopes) == wanted
    assert len(scopes) == len(wanted)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""])
def test_the_body_is_read_as_json_whatever_its_content_type(ada: ContractClient, content_type: str) -> None:
    answer = ask(ada, content=json.dumps(keys(ada)), headers={"Content-Type": content_type})
    assert answer.status_code == 200


def test_a_trailing_slash_and_unknown_fields_are_tolerated(ada: ContractClient) -> None:
    answer = ada.post(f"{TOKEN}/", json={**keys(ada), "grant_type": "client_credentials", "extra": None})
    assert answer.status_code == 200


def test_a_new_token_leaves_earlier_ones_valid(ada: ContractClient, namespace: str) -> None:
    earlier = ada.token["accessToken"]
    assert ask(ada, json=keys(ada)).status_code == 200
    answer = ada.post(
        f"/v2/recognition/groups/{namespace}/search", json={}, headers={"Authorization": f"Bearer {earlier}"}
    )
    assert answer.status_code == 200


# what is sent; the field that the message names
MALFORMED: list[tuple[bytes, str]] = [
    (b"", "body"),  # nothing
    (b"{", "body"),  # cut off
    (b"clientId=a&clientSecret=b", "body"),  # a form
    (b"[]", "body"),  # no object
    (b"{}", "clientId"),  # both missing
    (b'{"clientSecret": "b"}', "clientId"),  # the id missing
    (b'{"clientId": "a"}', "clientSecret"),  # the secret missing
    (b'{"clientId": 5, "clientSecret": "b"}', "clientId"),  # a number
    (b'{"clientId": "a", "clientSecret": null}', "clientSecret"),  # null
    (b'{"clientId": "a\\u0000", "clientSecret": "b"}', "clientId"),  # a character that PostgreSQL cannot keep
    (b'{"clientId": "a", "clientSecret": "\\ud800"}', "body"),  # half a character
    (b"[" * 100_000, "body"),  # deeper than any parser's stack
]


@pytest.mark.parametrize(("body", "field"), MALFORMED)
def test_a_malformed_request_for_a_token_is_refused(ada: ContractClient, body: bytes, field: str) -> None:
    answer = ask(ada, content=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


def test_a_refusal_does_not_repeat_the_secret(ada: ContractClient) -> None:
    answer = ask(ada, json={"clientId": 5, "clientSecret": "hush-hush"})
    assert answer.status_code == 400
    assert "hush" not in answer.text


def test_an_unknown_id_and_a_wrong_secret_get_the_same_answer(ada: ContractClient) -> None:
    wrong_secret = ask(ada, json={**keys(ada), "clientSecret": "guess"})
    unknown_id = ask(ada, json={**keys(ada), "clientId": "9a7c1a40-0000-4000-8000-000000000000"})
    empty = ask(ada, json={"clientId": "", "clientSecret": ""})
    assert [each.status_code for each in (wrong_secret, unknown_id, empty)] == [401, 401, 401]
    assert wrong_secret.json() == unknown_id.json() == empty.json()


def test_the_secret_of_one_application_does_not_open_another(
    ada: ContractClient, sign_up: Callable[..., ContractClient]
) -> None:
    grace = sign_up("contract-acme")
    answer = ask(ada, json={"clientId": ada.credentials["clientId"], "clientSecret": grace.credentials["clientSecret"]})
    assert answer.status_code == 401


def test_a_token_expires(ada: ContractClient, hasty_server: Server) -> None:
    url = f"{hasty_server.base_url}{TOKEN}"
    token = httpx.post(url, json=keys(ada)).json()
    assert token["expiresAt"] - token["issuedAt"] == 1000
    headers = {"Authorization": f"Bearer {token['accessToken']}"}
    time.sleep(max(0.0, token["expiresAt"] / 1000 + 1 - time.time()))
    for base_url in (hasty_server.base_url, str(ada.base_url)):
        answer = httpx.post(f"{base_url}/v2/recognition/groups/somewhere/search", json={}, headers=headers)
        Contract.published().check(answer)
        assert answer.status_code == 401


def test_a_revoked_application_is_out_at_once(server: Server, sign_up: Callable[..., ContractClient]) -> None:
    grace = sign_up("contract-revoked")
    search = "/v2/recognition/images/somewhere/search"
    assert grace.post(search, json={}).status_code == 200
    server.run("app", "revoke", "--org", "contract-revoked", "--name", grace.credentials["application"])
    assert grace.post(search, json={}).status_code == 401
    assert ask(grace, json=keys(grace)).status_code == 401
