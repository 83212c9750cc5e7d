"""Who may do what: keys, scopes, and other organisations' belongings, for every operation of the contract."""

from __future__ import annotations

import base64
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from support.client import Json
from support.cloudglue import BareClient, Caller, error_of
from support.people import EILEEN, jpeg
from support.server import Server

_PATHS: Json = json.loads((Path(__file__).parent / "contract.json").read_text(encoding="utf-8"))["paths"]
OPERATIONS = [
    (method.upper(), path) for path, methods in _PATHS.items() for method in methods if method != "parameters"
]
EACH = pytest.mark.parametrize(("method", "path"), OPERATIONS)

SCOPE_OF = {"GET": "videos:read", "POST": "videos:create", "PUT": "videos:update", "DELETE": "videos:remove"}
NOBODYS = "9a7c1a40-0000-4000-8000-000000000001"
MIB = 1024 * 1024


def filled(path: str, ids: Json | None = None) -> str:
    """A path of the contract with ids in it; nobody's, unless others are given."""
    for part in path.split("/"):
        if part.startswith("{"):
            path = path.replace(part, (ids or {}).get(part[1:-1], NOBODYS))
    return path


def call(client: BareClient, method: str, path: str) -> httpx.Response:
    """An operation, with a body that is wrong, should anybody look at it."""
    return client.request(method, path, content=b"" if method in ("GET", "DELETE") else b"{")


def test_the_contract_has_as_many_operations_as_it_says() -> None:
    assert len(OPERATIONS) == 37


# --- keys -------------------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer cg-unknown", "Basic YTpi", "cg-unknown"])
def test_without_a_good_key_nothing_is_told(studio: Server, method: str, path: str, header: str | None) -> None:
    with BareClient(studio.base_url, None) as client:
        if header is not None:
            client.headers["Authorization"] = header
        answer = call(client, method, filled(path))
    error_of(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_other_secrets_of_an_application_are_no_keys(studio: Server) -> None:
    credentials = studio.create_app("acme", "secretive")
    for name in ("clientId", "clientSecret", "subscriptionKey"):
        with BareClient(studio.base_url, credentials[name]) as client:
            error_of(client.get("/files"), 401)
    with BareClient(studio.base_url, credentials["apiKey"]) as client:
        assert client.get("/files").status_code == 200
        client.headers["Authorization"] = f"bearer  {credentials['apiKey']}"
        assert client.get("/files").status_code == 200


def test_a_revoked_application_is_out_at_once(studio: Server) -> None:
    with BareClient(studio.base_url, studio.create_app("acme", "brief")["apiKey"]) as client:
        assert client.get("/files").status_code == 200
        studio.run("app", "revoke", "--org", "acme", "--name", "brief")
        error_of(client.get("/files"), 401)


def test_a_strangers_film_is_not_waited_for(studio: Server) -> None:
    address = urlsplit(studio.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = (
            f"POST /v1/files HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {1024 * MIB}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 401")


# --- scopes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def without(sign_up: Callable[..., Caller]) -> dict[str, Caller]:
    """By scope, a caller who may do everything else."""
    scopes = list(SCOPE_OF.values())
    return {scope: sign_up("limited", [each for each in scopes if each != scope]) for scope in scopes}


@EACH
def test_without_the_scope_nothing_is_done(without: dict[str, Caller], method: str, path: str) -> None:
    for scope, caller in without.items():
        answer = call(caller.bare, method, filled(path))
        if scope == SCOPE_OF[method]:
            assert scope in error_of(answer, 403)
        else:
            assert answer.status_code in (200, 400, 404), answer.text


# --- other organisations ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def belongings(ada: Caller, file: Json, detection: Json, eileen_match: Json) -> Json:
    """The ids of one of everything of Ada's."""
    made = ada.post("/collections", {"collection_type": "face-analysis", "name": "private"})
    ada.post(f"/collections/{made['id']}/media", {"file_id": file["id"]})
    ada.ended(f"/collections/{made['id']}/videos/{file['id']}")
    image = {"base64": base64.b64encode(jpeg(EILEEN, 4)).decode()}
    search = ada.post("/search", {"scope": "face", "collections": [made["id"]], "source_image": image})
    hook = {"endpoint": "https://example.com/", "subscribed_events": ["segment.job.failed"]}
    return {
        "file_id": file["id"],
        "frame_extraction_id": detection["frame_extraction_id"],
        "face_detection_id": detection["face_detection_id"],
        "face_match_id": eileen_match["face_match_id"],
        "collection_id": made["id"],
        "search_id": search["id"],
        "webhook_id": ada.post("/webhooks", hook)["id"],
    }


BODIES: dict[tuple[str, str], Json] = {
    ("PUT", "/files/{file_id}"): {"filename": "stolen.mp4"},
    ("POST", "/files/{file_id}/frames"): {"strategy": "uniform"},
    ("PUT", "/webhooks/{webhook_id}"): {"active": False},
    ("PUT", "/collections/{collection_id}"): {"name": "stolen"},
    ("POST", "/collections/{collection_id}/videos"): {"url": "https://example.invalid/a.mp4"},
    ("POST", "/collections/{collection_id}/media"): {"url": "https://example.invalid/a.mp4"},
}


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if "{" in each[1]])
def test_what_belongs_to_another_organisation_is_not_there(
    mallory: Caller, belongings: Json, method: str, path: str
) -> None:
    answer = mallory.bare.request(method, filled(path, belongings), json=BODIES.get((method, path)))
    error_of(answer, 404)


def test_all_of_it_is_still_there(ada: Caller, belongings: Json) -> None:
    for method, path in OPERATIONS:
        if method == "GET":
            assert call(ada.bare, method, filled(path, belongings)).status_code == 200
    assert ada.get(f"/files/{belongings['file_id']}")["filename"] == "show.mp4"
    assert ada.get(f"/webhooks/{belongings['webhook_id']}")["active"] is True


@pytest.mark.parametrize("path", [path for method, path in OPERATIONS if method == "GET" and "{" not in path])
def test_lists_have_nothing_of_another_organisation(mallory: Caller, belongings: Json, path: str) -> None:
    assert not set(belongings.values()) & set(_strings(mallory.get(path, limit=100)))


def test_requests_do_not_reach_into_another_organisation(
    mallory: Caller, belongings: Json, short: bytes, eileen: Json
) -> None:
    uri = f"cloudglue://files/{belongings['file_id']}"
    mine = mallory.upload(short)
    made = mallory.post("/collections", {"collection_type": "face-analysis", "name": "mine"})
    extraction = {"frame_extraction_id": belongings["frame_extraction_id"]}
    detection = {"face_detection_id": belongings["face_detection_id"]}
    match = {"source_image": eileen, "target_video_url": mine["uri"]}
    image = {"base64": eileen["base64_image"]}
    reaching: list[tuple[str, Json]] = [
        ("/face-detect", {"url": uri}),
        ("/face-detect", {"url": mine["uri"], **extraction}),
        ("/face-match", match | {"target_video_url": uri}),
        ("/face-match", match | extraction),
        ("/face-match", match | detection),
        (f"/collections/{made['id']}/media", {"file_id": belongings["file_id"]}),
        (f"/collections/{made['id']}/videos", {"url": uri}),
        ("/search", {"scope": "face", "collections": [belongings["collection_id"]], "source_image": image}),
        (
            "/search",
            {"scope": "face", "collections": [made["id"], belongings["collection_id"]], "source_image": image},
        ),
    ]
    for path, body in reaching:
        error_of(mallory.bare.post(path, json=body), 404)
    assert mallory.get("/face-detect")["total"] == mallory.get("/face-match")["total"] == 0


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for each in value.values() for found in _strings(each)]
    if isinstance(value, list):
        return [found for each in value for found in _strings(each)]
    return [value] if isinstance(value, str) else []


# --- paths ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if "{" in each[1]])
@pytest.mark.parametrize("name", ["x", "file_123", NOBODYS.replace("-", ""), "%7B" + NOBODYS + "%7D", "..%2F.."])
def test_an_id_that_nobody_was_given_is_not_there(ada: Caller, method: str, path: str, name: str) -> None:
    body = BODIES.get((method, path))
    parts = [name if part.startswith("{") else part for part in path.split("/")]
    answer = ada.bare.request(method, "/".join(parts), json=body)
    error_of(answer, 404)


def test_ids_may_be_in_capitals(ada: Caller, file: Json) -> None:
    assert ada.get(f"/files/{file['id'].upper()}")["id"] == file["id"]


@pytest.mark.parametrize("path", ["/files/%00", "/face-match/a%00b", f"/collections/{NOBODYS}/videos/%00"])
def test_a_path_with_a_zero_character_is_refused(ada: Caller, path: str) -> None:
    assert ada.bare.get(path).status_code in (400, 404)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/files/", "/face-matches", "/share", "/transcribe"])
def test_a_path_that_is_not_there_is_told_in_the_vendors_shape(ada: Caller, path: str) -> None:
    error_of(ada.bare.get(path), 404)


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/files"), ("DELETE", "/search"), ("PUT", "/face-match")])
def test_a_method_that_is_not_there_is_told_in_the_vendors_shape(ada: Caller, method: str, path: str) -> None:
    error_of(ada.bare.request(method, path), 405)


def test_unknown_arguments_and_headers_are_ignored(ada: Caller) -> None:
    headers = {"x-sdk-client": "cloudglue-js", "x-sdk-version": "0.7.29"}
    assert ada.bare.get("/files", params={"isDefault": "x", "response_format": "y"}, headers=headers).is_success


# --- large uploads ----------------------------------------------------------------------------------------


def test_a_large_upload_is_never_whole_in_memory(newcomer: Caller, studio: Server) -> None:
    size = 200 * MIB
    server = psutil.Process(studio.pid)
    before = server.memory_info().rss
    highest = before

    def form() -> Any:
        nonlocal highest
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        for _ in range(size // MIB):
            yield b"x" * MIB
            highest = max(highest, server.memory_info().rss)
        yield b"\r\n--x--\r\n"

    answer = newcomer.bare.post("/files", content=form(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.json()["bytes"] == size
    assert highest - before < 64 * MIB
    assert newcomer.ended(f"/files/{answer.json()['id']}")["status"] == "failed"
    newcomer.bare.delete(f"/files/{answer.json()['id']}")


def test_an_upload_that_breaks_off_leaves_nothing(newcomer: Caller, studio: Server) -> None:
    address = urlsplit(studio.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = (
            f"POST /v1/files HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {100 * MIB}\r\n"
            f"Authorization: {newcomer.bare.headers['Authorization']}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        )
        connection.sendall(head.encode() + b"x" * 50 * MIB)
        _until(lambda: _unfinished(studio) > 0)
    _until(lambda: _unfinished(studio) == 0)
    assert newcomer.get("/files")["total"] == 0


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _unfinished(studio: Server) -> int:
    """Blobs that are being written: a number behind a sign is theirs until they are whole."""
    return sum("#" in path.name for path in (studio.home / "blobs").rglob("*"))
