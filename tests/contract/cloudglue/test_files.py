"""Files: uploaded or fetched, looked into, listed, changed, deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.client import Json
from support.cloudglue import Caller, error_of, frames
from support.films import sound_only, truncated
from support.picture_host import PictureHost
from support.server import Server


def test_the_vendors_client_uploads_a_film_and_waits_for_what_it_is(
    newcomer: Caller, show: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "show.mp4"
    path.write_bytes(show)
    told = newcomer.vendor.files.upload(
        str(path),
        metadata={"a": {"b": None}},
        enable_segment_thumbnails=True,
        wait_until_finish=True,
        poll_interval=0.1,  # type: ignore[arg-type]
    )
    assert (told.status, told.filename, told.bytes) == ("completed", "show.mp4", len(show))
    assert (told.uri, told.media_type, told.source) == (f"cloudglue://files/{told.id}", "video", "upload")
    assert told.metadata == {"a": {"b": None}}
    assert told.video_info.duration_seconds == pytest.approx(8, abs=0.15)
    assert (told.video_info.width, told.video_info.height, told.video_info.has_audio) == (640, 360, True)
    assert (told.media_info.sample_rate, told.media_info.channels) == (48_000, 2)
    assert told.created_at == pytest.approx(datetime.now(UTC).timestamp() * 1000, abs=60_000)


def test_a_file_tells_more_than_the_vendors(file: Json, show: bytes) -> None:
    assert file["sha256"] == hashlib.sha256(show).hexdigest()
    assert (file["frame_rate"], file["frame_count"]) == (10.0, 80)
    assert "error" not in file


def test_a_file_has_a_picture_that_opens_without_a_key(file: Json) -> None:
    picture = httpx.get(file["thumbnail_url"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def test_pictures_are_on_the_host_that_the_client_used(ada: Caller, file: Json) -> None:
    told = ada.bare.get(f"/files/{file['id']}", headers={"Host": "films.example:8443"}).json()
    assert told["thumbnail_url"].startswith("http://films.example:8443/media/")


def test_what_an_upload_is_sent_is_told_at_once(newcomer: Caller, short: bytes) -> None:
    sent = newcomer.bare.post("/files", files={"file": ("../a/short.mp4", short, "application/octet-stream")}).json()
    assert sent["status"] in ("pending", "processing")
    assert (sent["bytes"], sent["filename"]) == (len(short), "short.mp4")
    assert "video_info" not in sent
    newcomer.ended(f"/files/{sent['id']}")


def test_two_uploads_of_the_same_bytes_are_two_files(newcomer: Caller, short: bytes) -> None:
    assert newcomer.upload(short)["id"] != newcomer.upload(short)["id"]
    assert newcomer.get("/files")["total"] == 2


# what is no video that can be used
USELESS: list[Callable[[bytes], bytes]] = [
    lambda _: b"",
    lambda _: b"this is a text and no video",
    lambda film: truncated(film, 0.3),
    lambda _: sound_only(),
]


@pytest.mark.parametrize("damage", USELESS, ids=["empty", "text", "truncated", "sound"])
def test_a_file_that_is_no_video_fails_and_says_why(
    ada: Caller, short: bytes, damage: Callable[[bytes], bytes]
) -> None:
    told = ada.upload(damage(short), "broken.mp4")
    assert told["status"] == "failed"
    assert told["error"]
    assert "video_info" not in told
    refused = ada.bare.post("/face-detect", json={"url": told["uri"]})
    assert told["error"] in error_of(refused)


def test_a_film_on_the_web_becomes_a_file_of_its_own(newcomer: Caller, host: PictureHost, short: bytes) -> None:
    url = host.answer("/films/short.mp4", 200, {"Content-Type": "video/mp4"}, short)
    sent = newcomer.post("/face-detect", {"url": url, "frame_extraction_config": frames(4)})
    told = newcomer.ended(f"/face-detect/{sent['face_detection_id']}")
    assert (told["status"], told["data"]["total"]) == ("completed", 2)
    [file] = newcomer.get("/files")["data"]
    assert (file["id"], file["source"], file["filename"]) == (told["file_id"], "http", "short.mp4")
    assert file["bytes"] == len(short)


def test_a_film_that_is_not_there_fails_its_file_and_what_was_asked_of_it(
    newcomer: Caller, host: PictureHost, eileen: Json
) -> None:
    body = {"source_image": eileen, "target_video_url": host.missing()}
    sent = newcomer.post("/face-match", body)
    match = newcomer.ended(f"/face-match/{sent['face_match_id']}")
    assert (match["status"], "data" in match, "appearances" in match) == ("failed", False, False)
    assert match["error"]
    assert newcomer.get(f"/files/{match['file_id']}")["status"] == "failed"
    assert newcomer.get(f"/face-detect/{match['face_detection_id']}")["status"] == "failed"


def test_a_private_address_is_not_called(server: Server, host: PictureHost, short: bytes) -> None:
    url = host.answer("/secret.mp4", 200, {}, short)
    with closing(Caller.of(server, server.create_app("careful", "careful")["apiKey"])) as caller:
        sent = caller.post("/face-detect", {"url": url})
        told = caller.ended(f"/files/{sent['file_id']}")
    assert told["status"] == "failed"
    assert "address" in told["error"]
    assert "bytes" not in told


# --- changes ----------------------------------------------------------------------------------------------


def test_a_change_changes_only_what_is_sent(newcomer: Caller, short: bytes) -> None:
    file = newcomer.upload(short, "short.mp4", a=1, b={"c": 2})
    files = newcomer.vendor.files
    assert files.update(file["id"], filename="new.mp4").metadata == {"a": 1, "b": {"c": 2}}
    told = files.update(file["id"], metadata={"d": 3})
    assert (told.filename, told.metadata) == ("new.mp4", {"d": 3})  # replaced, not merged
    told = files.update(file["id"], metadata={})
    assert told.metadata == {}
    body = {"filename": None, "metadata": None, "unknown": 1}
    answer = newcomer.bare.put(f"/files/{file['id']}", json=body).json()
    assert (answer["filename"], answer["metadata"]) == ("new.mp4", {})


# --- lists ------------------------------------------------------------------------------------------------


def names(listed: Json) -> list[str]:
    return [row["filename"] for row in listed["data"]]


def test_files_are_listed_newest_first_or_as_asked_for(newcomer: Caller, short: bytes) -> None:
    for name in ("b.mp4", "c.mp4", "a.mp4"):
        newcomer.upload(short, name)
    assert names(newcomer.get("/files")) == ["a.mp4", "c.mp4", "b.mp4"]
    assert names(newcomer.get("/files", sort="asc")) == ["b.mp4", "c.mp4", "a.mp4"]
    assert names(newcomer.get("/files", order="filename")) == ["c.mp4", "b.mp4", "a.mp4"]
    assert names(newcomer.get("/files", order="filename", sort="asc")) == ["a.mp4", "b.mp4", "c.mp4"]
    page = newcomer.get("/files", limit=1, offset=1)
    assert (names(page), page["total"], page["limit"], page["offset"]) == (["c.mp4"], 3, 1, 1)
    beyond = newcomer.get("/files", offset=1000)
    assert (beyond["data"], beyond["total"], beyond["limit"], beyond["offset"]) == ([], 3, 50, 1000)
    listed = newcomer.vendor.files.list(limit=2, order="filename", sort="asc")
    assert ([each.filename for each in listed.data], listed.total) == (["a.mp4", "b.mp4"], 3)


def test_files_are_listed_by_state_and_day(newcomer: Caller, short: bytes) -> None:
    newcomer.upload(short, "good.mp4")
    newcomer.upload(b"x", "bad.mp4")
    assert names(newcomer.get("/files", status="completed")) == ["good.mp4"]
    assert names(newcomer.get("/files", status="failed")) == ["bad.mp4"]
    assert newcomer.get("/files", status="not_applicable")["total"] == 0
    today = datetime.now(UTC).date()
    tomorrow, yesterday = str(today + timedelta(days=1)), str(today - timedelta(days=1))
    assert newcomer.get("/files", created_after=yesterday, created_before=tomorrow)["total"] == 2
    assert newcomer.get("/files", created_after=tomorrow)["total"] == 0
    assert newcomer.get("/files", created_before=yesterday)["total"] == 0


# a criterion, whether it holds for the film
CRITERIA: list[tuple[str, Json, bool]] = [
    ("metadata", {"path": "series.name", "operator": "Equal", "valueText": "Orbit"}, True),
    ("metadata", {"path": "metadata.series.name", "operator": "Equal", "valueText": "Orbit"}, True),
    ("metadata", {"path": "series.name", "operator": "Equal", "valueText": "orbit"}, False),
    ("metadata", {"path": "series.season", "operator": "Equal", "valueText": "2"}, True),
    ("metadata", {"path": "series.name", "operator": "NotEqual", "valueText": "Orbit"}, False),
    ("metadata", {"path": "nothing", "operator": "NotEqual", "valueText": "Orbit"}, True),
    ("metadata", {"path": "nothing", "operator": "Equal", "valueText": ""}, False),
    ("metadata", {"path": "series.season", "operator": "LessThan", "valueText": "10"}, True),
    ("metadata", {"path": "rating", "operator": "GreaterThan", "valueText": "10"}, False),  # numbers, though text
    ("metadata", {"path": "series.name", "operator": "Like", "valueText": "%RB%"}, True),
    ("metadata", {"path": "series.name", "operator": "Like", "valueText": "orb"}, False),
    ("metadata", {"path": "series.name", "operator": "Like", "valueText": "orbit\\"}, False),
    ("metadata", {"path": "series.name", "operator": "In", "valueTextArray": ["x", "Orbit"]}, True),
    ("metadata", {"path": "series.name", "operator": "In", "valueTextArray": []}, False),
    ("metadata", {"path": "tags", "operator": "ContainsAny", "valueTextArray": ["x", "talk"]}, True),
    ("metadata", {"path": "tags", "operator": "ContainsAll", "valueTextArray": ["space", "talk"]}, True),
    ("metadata", {"path": "tags", "operator": "ContainsAll", "valueTextArray": ["space", "x"]}, False),
    ("video_info", {"path": "duration_seconds", "operator": "GreaterThan", "valueText": "7.5"}, True),
    ("video_info", {"path": "duration_seconds", "operator": "LessThan", "valueText": "7.5"}, False),
    ("video_info", {"path": "has_audio", "operator": "Equal", "valueText": "true"}, True),
    ("video_info", {"path": "has_audio", "operator": "Equal", "valueText": "false"}, False),
    ("file", {"path": "filename", "operator": "Like", "valueText": "%.MP4"}, True),
    ("file", {"path": "bytes", "operator": "GreaterThan", "valueText": "1000"}, True),
    ("file", {"path": "created_at", "operator": "GreaterThan", "valueText": "1700000000000"}, True),
    ("file", {"path": "created_at", "operator": "LessThan", "valueText": "1700000000000"}, False),
]


@pytest.mark.parametrize(("source", "criterion", "holds"), CRITERIA)
def test_files_are_listed_by_what_is_known_of_them(
    ada: Caller, file: Json, source: str, criterion: Json, holds: bool
) -> None:
    mine = {"path": "id", "operator": "Equal", "valueText": file["id"]}
    criteria: dict[str, list[Json]] = {source: [criterion]}
    criteria.setdefault("file", []).append(mine)
    listed = ada.get("/files", filter=json.dumps(criteria))
    assert ([row["id"] for row in listed["data"]], listed["total"]) == (([file["id"]], 1) if holds else ([], 0))


def test_the_vendors_client_filters_files(ada: Caller, file: Json) -> None:
    files = ada.vendor.files
    wanted = ada.vendor.search.create_filter(
        metadata_filters=[{"path": "tags", "operator": "ContainsAny", "value_text_array": ["space"]}],
        video_info_filters=[{"path": "has_audio", "operator": "Equal", "value_text": "true"}],
        file_filters=[{"path": "uri", "operator": "Equal", "value_text": file["uri"]}],
    )
    assert [each.id for each in files.list(filter=wanted).data] == [file["id"]]


# --- thumbnails -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictured(sign_up: Callable[..., Caller], show: bytes) -> tuple[Caller, Json]:
    """A caller, and a file with three frames."""
    caller = sign_up("pictured")
    file = caller.upload(show)
    sent = caller.post(f"/files/{file['id']}/frames", frames(1, start_time_seconds=1, end_time_seconds=3.5))
    caller.ended(f"/frames/{sent['frame_extraction_id']}")
    return caller, file


# a question, the types of the answer
THUMBNAILS: list[tuple[Json, list[str]]] = [
    ({}, ["file", "frame", "frame", "frame"]),
    ({"is_default": False}, ["file", "frame", "frame", "frame"]),
    ({"is_default": True}, ["file"]),
    ({"is_default": "True"}, ["file"]),
    ({"type": "file"}, ["file"]),
    ({"type": "frame"}, ["frame", "frame", "frame"]),
    ({"type": "frame,file"}, ["file", "frame", "frame", "frame"]),
    ({"type": "segment,keyframe"}, []),
    ({"type": "segment,file", "is_default": False}, ["file"]),
    ({"segmentation_id": "9a7c1a40-0000-4000-8000-000000000001"}, []),
]


@pytest.mark.parametrize(("query", "types"), THUMBNAILS)
def test_thumbnails_are_listed_by_type(pictured: tuple[Caller, Json], query: Json, types: list[str]) -> None:
    caller, file = pictured
    listed = caller.get(f"/files/{file['id']}/thumbnails", **query)
    assert sorted(row["type"] for row in listed["data"]) == types
    assert listed["total"] == len(types)
    assert len({row["id"] for row in listed["data"]}) == len(types)
    for row in listed["data"]:
        picture = httpx.get(row["url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def test_the_vendors_client_lists_thumbnails(pictured: tuple[Caller, Json]) -> None:
    caller, file = pictured
    listed = caller.vendor.thumbnails.get_thumbnails(file["id"], is_default=False, type="frame", limit=2, offset=1)
    assert (len(listed.data), listed.total, listed.limit, listed.offset) == (2, 3, 2, 1)
    assert [each.time for each in listed.data] == pytest.approx([2, 3], abs=0.06)


# --- deletion ---------------------------------------------------------------------------------------------


def test_a_file_is_deleted_with_everything_that_was_made_of_it(newcomer: Caller, show: bytes, eileen: Json) -> None:
    file = newcomer.upload(show)
    match = newcomer.match(file, eileen, frame_extraction_config=frames(1))
    assert match["status"] == "completed", match
    collection = newcomer.post("/collections", {"collection_type": "face-analysis", "name": "all"})
    newcomer.post(f"/collections/{collection['id']}/media", {"file_id": file["id"]})
    newcomer.ended(f"/collections/{collection['id']}/videos/{file['id']}")
    body = {"scope": "face", "collections": [collection["id"]], "source_image": {"base64": eileen["base64_image"]}}
    search = newcomer.post("/search", body)
    assert search["total"] > 0
    pictures = [file["thumbnail_url"], match["data"]["faces_matches"][0]["thumbnail_url"]]
    assert [httpx.get(url).status_code for url in pictures] == [200, 200]

    told = newcomer.vendor.files.delete(file["id"])
    assert (told.id, told.object) == (file["id"], "file")
    gone = [
        f"/files/{file['id']}",
        f"/files/{file['id']}/frames",
        f"/files/{file['id']}/thumbnails",
        f"/frames/{match['frame_extraction_id']}",
        f"/face-detect/{match['face_detection_id']}",
        f"/face-match/{match['face_match_id']}",
        f"/collections/{collection['id']}/videos/{file['id']}",
        f"/collections/{collection['id']}/videos/{file['id']}/face-detections",
    ]
    for path in gone:
        error_of(newcomer.bare.get(path), 404)
    error_of(newcomer.bare.delete(f"/files/{file['id']}"), 404)
    for path in ("/files", "/face-detect", "/face-match", f"/collections/{collection['id']}/videos"):
        assert newcomer.get(path)["total"] == 0
    assert newcomer.get(f"/collections/{collection['id']}")["file_count"] == 0
    assert newcomer.get(f"/search/{search['id']}")["results"] == []
    assert [httpx.get(url).status_code for url in pictures] == [404, 404]


# --- refusals ---------------------------------------------------------------------------------------------


def test_a_form_without_a_film_is_refused(ada: Caller) -> None:
    before = ada.get("/files")["total"]
    assert "file" in error_of(ada.bare.post("/files", files={"metadata": (None, "{}")}))
    assert "form" in error_of(ada.bare.post("/files", content=b"x", headers={"Content-Type": "multipart/form-data"}))
    error_of(ada.bare.post("/files", json={"file": "x"}))
    for metadata in ("no json", "[]", '{"a": "\\u0000"}'):
        form: Any = {"file": ("a.mp4", b"x", "video/mp4"), "metadata": (None, metadata)}
        assert "metadata" in error_of(ada.bare.post("/files", files=form))
    assert ada.get("/files")["total"] == before


@pytest.mark.parametrize("media_type", ["audio/mpeg", "image/png", "text/plain"])
def test_a_form_with_something_else_than_a_film_is_refused(ada: Caller, media_type: str) -> None:
    error_of(ada.bare.post("/files", files={"file": ("a", b"x", media_type)}), 415)


# a query that is wrong
QUERIES = [
    {"limit": 0},
    {"limit": 101},
    {"limit": "x"},
    {"limit": ""},
    {"limit": 1.5},
    {"offset": -1},
    {"offset": 2**64},
    {"status": "done"},
    {"order": "size"},
    {"sort": "up"},
    {"created_before": "yesterday"},
    {"created_after": "2024-01-01T00:00:00Z"},
    {"created_after": "2024-01-0\x00"},
    {"filter": "{"},
    {"filter": '{"metadata": [{"path": "a", "operator": "Near", "valueText": "x"}]}'},
    {"filter": "\x00"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_query_that_is_wrong_is_refused(ada: Caller, query: Json) -> None:
    error_of(ada.bare.get("/files", params=query))


@pytest.mark.parametrize("query", [{"type": "poster"}, {"is_default": "x"}, {"segmentation_id": "x"}, {"limit": 0}])
def test_a_query_for_thumbnails_that_is_wrong_is_refused(ada: Caller, file: Json, query: Json) -> None:
    error_of(ada.bare.get(f"/files/{file['id']}/thumbnails", params=query))


# a change that is wrong
CHANGES: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"filename": 5}',
    b'{"filename": ""}',
    b'{"filename": "a\\u0000"}',
    b'{"metadata": []}',
    b'{"metadata": "x"}',
    b'{"metadata": {"a": "\\u0000"}}',
    b'{"metadata": {"a": NaN}}',
    b'{"metadata": {"a": "' + b"x" * 1024 * 1024 + b'"}}',
    b'{"metadata": ' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
]


@pytest.mark.parametrize("content", CHANGES, ids=lambda content: content[:24].decode())
def test_a_change_that_is_wrong_is_refused(ada: Caller, file: Json, content: bytes) -> None:
    error_of(ada.bare.put(f"/files/{file['id']}", content=content))
    assert ada.get(f"/files/{file['id']}")["metadata"] == file["metadata"]
