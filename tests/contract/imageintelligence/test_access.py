"""Who may do what: 401, 403, 404, 405 and 413, all in one shape."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from support.client import Json
from support.contract import ContractClient

UNKNOWN = "9a7c1a40-0000-4000-8000-000000000000"
NOWHERE: Json = {"url": "ftp://pictures.example/1.jpg"}
MIB = 1024 * 1024


@dataclass(frozen=True)
class Endpoint:
    """One operation; ``{ns}`` is the namespace, ``{id}`` an id."""

    method: str
    path: str
    scope: str
    body: Json | None = None

    def call(self, client: ContractClient, namespace: str, thing_id: str = UNKNOWN, **options: object) -> int:
        path = self.path.format(ns=namespace, id=thing_id)
        request = client.build_request(self.method, path, json=self.body, **options)
        return client.send(request).status_code


ENDPOINTS = [
    Endpoint("POST", "/v2/recognize?namespace={ns}", "recognition:create", {"images": [NOWHERE]}),
    Endpoint("POST", "/v2/recognize/{ns}", "recognition:create", {"images": [NOWHERE]}),
    Endpoint("POST", "/v2/recognition/recognize/{ns}", "recognition:create", {"images": [NOWHERE]}),
    Endpoint("POST", "/v2/recognize/search?namespace={ns}", "recognition:read", {}),
    Endpoint("POST", "/v2/recognize/{ns}/search", "recognition:read", {}),
    Endpoint("POST", "/v2/recognition/recognize/{ns}/search", "recognition:read", {}),
    Endpoint("GET", "/v2/recognize/{id}?namespace={ns}", "recognition:read"),
    Endpoint("GET", "/v2/recognize/{ns}/{id}", "recognition:read"),
    Endpoint("GET", "/v2/recognition/recognize/{ns}/{id}", "recognition:read"),
    Endpoint("GET", "/v2/recognition/images/{ns}/{id}", "recognition:read"),
    Endpoint("POST", "/v2/recognition/images/{ns}/search", "recognition:read", {}),
    Endpoint("GET", "/v2/recognition/groups/{ns}/{id}", "recognition:read"),
    Endpoint("POST", "/v2/recognition/groups/{ns}/search", "recognition:read", {}),
    Endpoint("POST", "/v2/recognition/identities/{ns}", "recognition:create", {}),
    Endpoint("POST", "/v2/recognition/identities/{ns}/search", "recognition:read", {}),
    Endpoint("GET", "/v2/recognition/identities/{ns}/{id}", "recognition:read"),
    Endpoint("PATCH", "/v2/recognition/identities/{ns}/{id}", "recognition:update", {}),
    Endpoint("DELETE", "/v2/recognition/identities/{ns}/{id}", "recognition:remove"),
]
NAMES = [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS]
GET_BY_ID = [endpoint for endpoint in ENDPOINTS if "{id}" in endpoint.path]
SCOPES = ("recognition:read", "recognition:create", "recognition:update", "recognition:remove", "match:create")


# --- 401 --------------------------------------------------------------------------------------------------


def altered(token: str, part: int) -> str:
    """A token with one character in the middle of a part changed."""
    parts = token.split(".")
    middle = len(parts[part]) // 2
    swapped = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + swapped + parts[part][middle + 1 :]
    return ".".join(parts)


# an Authorization header, made of the valid token
UNFIT: list[Callable[[str], str]] = [
    lambda token: "",
    lambda token: "Bearer",
    lambda token: token,  # without a scheme
    lambda token: f"Basic {token}",
    lambda token: f"Token {token}",
    lambda token: f"Bearer{token}",
    lambda token: "Bearer garbage",
    lambda token: "Bearer a.b.c",
    lambda token: f"Bearer {token}x.",
    lambda token: f"Bearer {altered(token, 0)}",
    lambda token: f"Bearer {altered(token, 1)}",
    lambda token: f"Bearer {altered(token, 2)}",
    lambda token: f"Bearer {token.rpartition('.')[0]}.",  # not signed
    lambda token: f"Bearer {token} {token}",
    lambda token: f'Bearer "{token}"',
    lambda token: "Bearer " + "x" * 20_000,
    lambda token: "Bearer ÿ",
]


@pytest.mark.parametrize("header", UNFIT)
def test_a_header_without_a_valid_token_is_not_let_in(
    ada: ContractClient, namespace: str, header: Callable[[str], str]
) -> None:
    value = header(ada.token["accessToken"]).encode("latin-1")
    answer = ada.post(
        f"/v2/recognition/recognize/{namespace}", json={"images": [NOWHERE]}, headers={b"Authorization": value}
    )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert ada.jobs(namespace) == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_no_endpoint_answers_a_stranger(ada: ContractClient, endpoint: Endpoint) -> None:
    assert endpoint.call(ada, "anywhere", headers={"Authorization": ""}) == 401


@pytest.mark.parametrize("name", ["access_token", "accessToken", "token", "authorization"])
def test_a_token_does_not_count_in_the_query(ada: ContractClient, name: str) -> None:
    token = ada.token["accessToken"]
    answer = ada.post(f"/v2/recognize/search?namespace=anywhere&{name}={token}", json={}, headers={"Authorization": ""})
    assert answer.status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_written_in_any_case(ada: ContractClient, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {ada.token['accessToken']}"}
    assert ada.post("/v2/recognition/images/anywhere/search", json={}, headers=headers).status_code == 200


def test_a_stranger_is_told_so_before_what_is_wrong_with_the_request(ada: ContractClient) -> None:
    answer = ada.post("/v2/recognition/recognize/anywhere", content=b"{", headers={"Authorization": ""})
    assert answer.status_code == 401


# --- 403 --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def narrow(sign_up: Callable[..., ContractClient]) -> dict[str, ContractClient]:
    """Clients that have one scope each."""
    with ThreadPoolExecutor(2) as pool:
        clients = pool.map(lambda scope: sign_up("contract-narrow", "--scope", scope), SCOPES)
        return dict(zip(SCOPES, clients, strict=True))


def test_a_token_tells_its_scope(narrow: dict[str, ContractClient]) -> None:
    assert {scope: client.token["scope"] for scope, client in narrow.items()} == {scope: scope for scope in SCOPES}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=NAMES)
def test_each_endpoint_asks_for_its_scope_and_no_other(
    narrow: dict[str, ContractClient], endpoint: Endpoint, namespace: str
) -> None:
    answers = {scope: endpoint.call(client, namespace) for scope, client in narrow.items()}
    allowed = 404 if "{id}" in endpoint.path else 200
    assert answers == {scope: allowed if scope == endpoint.scope else 403 for scope in SCOPES}


def test_a_reader_creates_nothing(narrow: dict[str, ContractClient], namespace: str) -> None:
    reader = narrow["recognition:read"]
    for endpoint in ENDPOINTS:
        if endpoint.scope != "recognition:read":
            assert endpoint.call(reader, namespace) == 403
    assert reader.jobs(namespace) == []
    assert reader.identities(namespace) == []


def test_a_writer_without_the_right_to_remove_removes_nothing(
    narrow: dict[str, ContractClient], namespace: str
) -> None:
    identity = narrow["recognition:create"].create_identity(namespace, [], customId="kept")
    path = f"/v2/recognition/identities/{namespace}/{identity['id']}"
    for scope in ("recognition:create", "recognition:update", "recognition:read", "match:create"):
        assert narrow[scope].delete(path).status_code == 403
    assert narrow["recognition:create"].patch(path, json={"customId": "lost"}).status_code == 403
    assert narrow["recognition:read"].get(path).json() == identity
    assert narrow["recognition:remove"].delete(path).json() == {}


# --- 404 and 405 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", GET_BY_ID, ids=[f"{each.method} {each.path}" for each in GET_BY_ID])
def test_an_unknown_id_is_not_found(ada: ContractClient, endpoint: Endpoint, namespace: str) -> None:
    identity = ada.create_identity(namespace, [])
    strange = [
        UNKNOWN,
        "5",
        "no-id-of-ours",
        identity["id"].upper(),  # ids are opaque: another spelling is another id
        identity["id"].replace("-", ""),
        f"%7B{identity['id']}%7D",
        f"urn:uuid:{identity['id']}",
        "%00",
        "%FF",
        "..%2F..",
        "x" * 3000,
    ]
    for thing_id in strange:
        assert endpoint.call(ada, namespace, thing_id) == 404, thing_id
        assert endpoint.call(ada, f"{namespace}-never-used", thing_id) == 404, thing_id
    assert [each["id"] for each in ada.identities(namespace)] == [identity["id"]]


def test_an_id_of_one_kind_is_no_id_of_another(ada: ContractClient, namespace: str) -> None:
    identity = ada.create_identity(namespace, [])
    job = ada.recognize(namespace, [NOWHERE])
    for endpoint in GET_BY_ID:
        if "identities" not in endpoint.path:
            assert endpoint.call(ada, namespace, identity["id"]) == 404
        if "recognize" not in endpoint.path.replace("recognition", ""):
            assert endpoint.call(ada, namespace, job["id"]) == 404
            assert endpoint.call(ada, namespace, job["images"][0]["id"]) == 404


# paths of nothing
NO_PATHS = [
    "/v2/",
    "/v2/nothing",
    "/v2/recognition",
    "/v2/recognition/recognize/a/b/c",
    "/v2/recognition/images",
    "/v2/recognition//groups/a/b",
    "/v2/oauth",
    "/v2/oauth/token/more",
    "/v2/%2e%2e/healthz",
    "/v2/RECOGNIZE/a/b",
]


@pytest.mark.parametrize("path", NO_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_not_found(ada: ContractClient, method: str, path: str) -> None:
    answer = ada.request(method, path)
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message"}


def test_the_root_of_the_dialect_is_not_found_in_its_shape(ada: ContractClient) -> None:
    answer = ada.get("/v2")
    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message"}


# a method that a path does not have
NO_METHODS = [
    ("GET", "/v2/oauth/token"),
    ("GET", "/v2/recognize"),
    ("DELETE", "/v2/recognize"),
    ("PUT", f"/v2/recognition/identities/a/{UNKNOWN}"),
    ("DELETE", f"/v2/recognition/images/a/{UNKNOWN}"),
    ("PATCH", f"/v2/recognition/groups/a/{UNKNOWN}"),
    ("GET", "/v2/recognition/identities/a"),
    ("DELETE", "/v2/recognition/recognize/a/search"),
]


@pytest.mark.parametrize(("method", "path"), NO_METHODS)
def test_a_method_that_a_path_does_not_have_is_refused(ada: ContractClient, method: str, path: str) -> None:
    answer = ada.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"]
    assert set(answer.json()["error"]) == {"code", "message"}


# --- 413 --------------------------------------------------------------------------------------------------

WITH_BODY = [endpoint for endpoint in ENDPOINTS if endpoint.body is not None]


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=[f"{each.method} {each.path}" for each in WITH_BODY])
def test_a_body_that_says_it_is_too_large_is_refused_unread(
    ada: ContractClient, endpoint: Endpoint, namespace: str
) -> None:
    thing_id = ada.create_identity(namespace, [])["id"] if "{id}" in endpoint.path else UNKNOWN
    status, error = announce(ada, endpoint.method, endpoint.path.format(ns=namespace, id=thing_id), 64 * MIB + 1)
    assert status == 413
    assert set(error["error"]) == {"code", "message"}
    assert ada.jobs(namespace) == []


def announce(client: ContractClient, method: str, path: str, length: int) -> tuple[int, Json]:
    """Send the head of a request and nothing of its body."""
    connection = http.client.HTTPConnection(client.base_url.host, client.base_url.port, timeout=10)
    try:
        connection.putrequest(method, path)
        connection.putheader("Authorization", client.headers["Authorization"])
        connection.putheader("Content-Length", str(length))
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_stranger_who_announces_a_large_body_is_not_let_in(ada: ContractClient) -> None:
    connection = http.client.HTTPConnection(ada.base_url.host, ada.base_url.port, timeout=10)
    try:
        connection.putrequest("POST", "/v2/recognize/anywhere")
        connection.putheader("Content-Length", str(64 * MIB))
        connection.endheaders()
        assert connection.getresponse().status == 401
    finally:
        connection.close()


def test_a_chunked_body_that_grows_too_large_is_refused(ada: ContractClient, namespace: str) -> None:
    def zeros() -> Iterator[bytes]:
        for _ in range(65):
            yield bytes(MIB)

    answer = ada.post(f"/v2/recognition/recognize/{namespace}", content=zeros())
    assert answer.status_code == 413
    assert ada.jobs(namespace) == []


def test_a_body_of_exactly_64_mib_is_read(ada: ContractClient, namespace: str) -> None:
    body = b'{"images": []}'.ljust(64 * MIB)
    assert ada.post(f"/v2/recognition/recognize/{namespace}", content=body).status_code == 400
    assert ada.post(f"/v2/recognition/recognize/{namespace}", content=body + b" ").status_code == 413


def test_a_token_request_that_is_too_large_is_refused(ada: ContractClient) -> None:
    status, error = announce(ada, "POST", "/v2/oauth/token", 64 * MIB + 1)
    assert status == 413
    assert set(error["error"]) == {"code", "message"}
