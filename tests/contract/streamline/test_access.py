"""Tokens, subscription keys, versions: who may ask, and in which order that is checked."""

from __future__ import annotations

import base64
from collections.abc import Callable

import httpx
import pytest

from support.client import Json
from support.people import EILEEN, jpeg
from support.server import Server
from support.streamline import NEWER, OLDER, VERSION, StreamlineClient

TOKEN_PATHS = [
    "/realms/any/protocol/openid-connect/token",
    "/realms/Another%20One/protocol/openid-connect/token",
    "/connect/token",
]


def grant(credentials: dict[str, str], **changed: str) -> dict[str, str]:
    form = {
        "client_id": credentials["clientId"],
        "client_secret": credentials["clientSecret"],
        "grant_type": "client_credentials",
        **changed,
    }
    return {name: value for name, value in form.items() if value != "-"}


# --- tokens -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_id_and_secret_are_traded_for_a_token(bank: StreamlineClient, path: str) -> None:
    answer = bank.post(path, data=grant(bank.credentials))
    assert answer.status_code == 200
    token = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 86400)
    assert answer.headers["cache-control"] == "no-store"
    headers = {"Authorization": f"bearer {token['access_token']}"}
    assert bank.get(f"{OLDER}/1", params=VERSION, headers=headers).status_code == 404


def test_http_basic_works_too(bank: StreamlineClient) -> None:
    pair = f"{bank.credentials['clientId']}:{bank.credentials['clientSecret']}"
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    answer = bank.post("/connect/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 200


# what is wrong with the form, the status, the error
REFUSED = [
    ({"client_secret": "wrong"}, 401, "invalid_client"),
    ({"client_id": "unknown"}, 401, "invalid_client"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"grant_type": "-"}, 400, "invalid_request"),
    ({"client_id": "-"}, 400, "invalid_request"),
    ({"client_secret": "-"}, 400, "invalid_request"),
    ({"client_secret": ""}, 400, "invalid_request"),
]


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize(("changed", "status", "error"), REFUSED)
def test_other_requests_for_tokens_are_refused_as_oauth2_does(
    bank: StreamlineClient, path: str, changed: dict[str, str], status: int, error: str
) -> None:
    headers = {"Authorization": ""}
    answer = bank.post(path, data=grant(bank.credentials, **changed), headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a=1&a=2", b"{}", b"x" * 100_000])
def test_what_is_no_form_is_refused(server: Server, content: bytes) -> None:
    answer = httpx.post(f"{server.base_url}/connect/token", content=content)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no colon").decode(), "Basic /w=="]
)
def test_a_broken_basic_header_is_refused(server: Server, value: str) -> None:
    answer = httpx.post(
        f"{server.base_url}/connect/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": value},
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


# --- token and key ----------------------------------------------------------------------------------------

CALLS = [
    ("POST", OLDER),
    ("POST", NEWER),
    ("GET", f"{OLDER}/1"),
    ("GET", f"{NEWER}/1"),
    ("GET", f"{OLDER}/photos/1"),
    ("GET", f"{NEWER}/photos/1"),
    ("POST", OLDER.removeprefix("/idv")),
    ("GET", NEWER.removeprefix("/idv") + "/1"),
]
EACH = pytest.mark.parametrize(("method", "path"), CALLS)


def ask(server: Server, method: str, path: str, headers: Json, params: Json) -> httpx.Response:
    return httpx.request(method, server.base_url + path, headers=headers, params=params)


@EACH
def test_without_a_good_token_and_a_good_key_nothing_is_told(
    bank: StreamlineClient, server: Server, method: str, path: str
) -> None:
    token, key = bank.headers["Authorization"], bank.headers["Ocp-Apim-Subscription-Key"]
    name = "Ocp-Apim-Subscription-Key"
    wrong: list[tuple[Json, Json]] = [
        ({}, {}),
        ({"Authorization": token}, {}),
        ({name: key}, {}),
        ({"Authorization": token, name: key[:-1]}, {}),
        ({"Authorization": token, name: ""}, {}),
        ({"Authorization": token + "x", name: key}, {}),
        ({"Authorization": token.replace("Bearer", "Basic"), name: key}, {}),
        ({"Authorization": token}, {"subscription-key": "wrong"}),
        ({name: key}, {"access_token": token.split()[1]}),  # a token counts only in the header
    ]
    for headers, params in wrong:
        answer = ask(server, method, path, headers, {**VERSION, **params})
        assert answer.status_code == 401, (headers, params, answer.text)
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message"}


@pytest.mark.parametrize(
    "name", ["subscription-key", "Subscription-Key", "SUBSCRIPTION-KEY", "ocp-apim-subscription-key"]
)
def test_the_key_may_be_in_the_query(bank: StreamlineClient, server: Server, name: str) -> None:
    headers = {"Authorization": bank.headers["Authorization"]}
    key = bank.credentials["subscriptionKey"]
    assert ask(server, "GET", f"{OLDER}/1", headers, {"V": "2.0", name: key}).status_code == 404


@EACH
def test_a_token_and_a_key_that_do_not_belong_together_are_forbidden(
    bank: StreamlineClient, sign_up: Callable[..., StreamlineClient], server: Server, method: str, path: str
) -> None:
    for other in (sign_up("bank"), sign_up("telecom")):
        headers = {
            "Authorization": bank.headers["Authorization"],
            "Ocp-Apim-Subscription-Key": other.credentials["subscriptionKey"],
        }
        answer = ask(server, method, path, headers, VERSION)
        assert answer.status_code == 403
        assert set(answer.json()["error"]) == {"code", "message"}


def test_a_token_without_the_scope_is_forbidden(sign_up: Callable[..., StreamlineClient]) -> None:
    reader = sign_up("bank", "--scope", "match:read")
    assert reader.get(f"{OLDER}/1", params=VERSION).status_code == 404
    assert reader.submit(jpeg(EILEEN), jpeg(EILEEN, 1)).status_code == 403


def test_a_revoked_application_is_out_at_once(sign_up: Callable[..., StreamlineClient], server: Server) -> None:
    client = sign_up("bank-of-one")
    told = client.match(jpeg(EILEEN), jpeg(EILEEN, 1))
    server.run("app", "revoke", "--org", "bank-of-one", "--name", told["initiator"])
    assert client.get(f"{OLDER}/{told['id']}", params=VERSION).status_code == 401
    assert (
        client.post("/connect/token", data=grant(client.credentials), headers={"Authorization": ""}).status_code == 401
    )


# --- the version ------------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("params", [{}, {"v": ""}, {"v": "1.0"}, {"v": "2.1"}, {"v": "latest"}, {"api-version": "3"}])
def test_without_the_right_version_the_rest_is_not_looked_at(
    bank: StreamlineClient, method: str, path: str, params: Json
) -> None:
    answer = bank.request(method, path, params=params)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["v"]


@pytest.mark.parametrize(
    "params", [{"v": "2.0"}, {"v": "2"}, {"V": "2.0"}, {"api-version": "2.0"}, {"Api-Version": "2"}]
)
def test_the_version_has_two_names_and_two_spellings(bank: StreamlineClient, params: Json) -> None:
    assert bank.get(f"{NEWER}/1", params=params).status_code == 404


def test_who_asks_is_checked_before_the_version(server: Server) -> None:
    assert httpx.get(f"{server.base_url}{OLDER}/1").status_code == 401


# --- organisations ----------------------------------------------------------------------------------------


def test_another_organisation_sees_neither_requests_nor_photos(
    bank: StreamlineClient, sign_up: Callable[..., StreamlineClient]
) -> None:
    told = bank.match(jpeg(EILEEN), jpeg(EILEEN, 1))
    telecom, colleague = sign_up("telecom"), sign_up("bank")
    for path in (f"{OLDER}/{told['id']}", f"{NEWER}/{told['id']}", f"{OLDER}/photos/{told['sourceImage']}"):
        assert telecom.get(path, params=VERSION).status_code == 404
        assert colleague.get(path, params=VERSION).status_code == 200


def test_an_organisation_chooses_a_stricter_operating_point(
    sign_up: Callable[..., StreamlineClient], server: Server
) -> None:
    client = sign_up("careful-bank")
    pair = jpeg(EILEEN), jpeg(EILEEN, 1)
    before = client.match(*pair)["result"]["score"]
    assert server.run("org", "set", "careful-bank", "--fmr", "1e-6").returncode == 0
    told = client.match(*pair)
    assert told["result"]["score"] < before
    shown = server.run("photomatch", "show", told["id"]).stdout
    assert "1 in 1,000,000" in shown
    assert "threshold 0.5780" in shown
    listed = server.run("org", "list", "--json").stdout
    assert '"careful-bank"' in listed
    for wrong in ("1e-2", "1e-7", "0"):
        assert server.run("org", "set", "careful-bank", "--fmr", wrong, check=False).returncode == 1
    assert server.run("org", "set", "nobody", "--fmr", "1e-5", check=False).returncode == 1


def test_unknown_paths_and_methods_are_told_in_the_same_shape(bank: StreamlineClient) -> None:
    for path in ("/idv/api", "/idv/nothing", "/api/photomatches/1/2/3", "/realms/x", "/connect"):
        answer = bank.get(path, params=VERSION)
        assert answer.status_code == 404
        assert set(answer.json()["error"]) == {"code", "message"}
    assert bank.delete(f"{OLDER}/1", params=VERSION).status_code == 405
