"""Collections: videos whose faces are looked for in one way, and searched together."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cloudglue.client.resources.base import CloudglueError

from support.client import Json
from support.cloudglue import Caller, error_of
from support.picture_host import PictureHost

_numbers = itertools.count(1)

NOBODYS = "9a7c1a40-0000-4000-8000-000000000001"


def make(caller: Caller, name: str | None = None, **fields: object) -> Json:
    """A collection."""
    body = {"collection_type": "face-analysis", "name": name or f"collection {next(_numbers)}", **fields}
    return caller.post("/collections", body)


# --- collections ------------------------------------------------------------------------------------------


def test_the_vendors_client_makes_a_collection(newcomer: Caller) -> None:
    collections = newcomer.vendor.collections
    made = collections.create("face-analysis", "all", face_detection_config={"thumbnails_config": {}})
    assert (made.name, made.description, made.collection_type, made.file_count) == ("all", "", "face-analysis", 0)
    told = collections.get(made.id)
    assert told == made
    assert [each.id for each in collections.list().data] == [made.id]
    changed = collections.update(made.id, name="some", description="of them")
    assert (changed.name, changed.description) == ("some", "of them")
    assert collections.delete(made.id).object == "collection"
    with pytest.raises(CloudglueError) as refused:
        collections.get(made.id)
    assert refused.value.status_code == 404


def test_a_collection_tells_how_its_faces_are_looked_for(newcomer: Caller) -> None:
    assert make(newcomer)["face_detection_config"] == {
        "frame_extraction_config": {
            "strategy": "uniform",
            "uniform_config": {"frames_per_second": 1.0, "max_width": 1024},
        },
        "thumbnails_config": {"enable_frame_thumbnails": True},
    }
    config = {
        "frame_extraction_config": {"strategy": "uniform", "uniform_config": {"frames_per_second": 2.5}},
        "thumbnails_config": {"enable_frame_thumbnails": False},
    }
    told = make(newcomer, face_detection_config=config, describe_config={}, description=None)
    config["frame_extraction_config"]["uniform_config"] = {"frames_per_second": 2.5, "max_width": 1024}
    assert told["face_detection_config"] == config
    assert "description" not in told


def test_a_name_is_taken_once(newcomer: Caller, ada: Caller) -> None:
    one, other = make(newcomer, "one"), make(newcomer, "other")
    error_of(newcomer.bare.post("/collections", json={"collection_type": "face-analysis", "name": "one"}), 409)
    error_of(newcomer.bare.put(f"/collections/{other['id']}", json={"name": "one"}), 409)
    assert newcomer.bare.put(f"/collections/{one['id']}", json={"name": "one"}).status_code == 200
    newcomer.bare.delete(f"/collections/{one['id']}")
    make(newcomer, "one")
    ada.bare.delete(f"/collections/{make(ada, 'one')['id']}")  # another organisation's names are its own


def test_a_change_changes_only_what_is_sent(newcomer: Caller) -> None:
    made = make(newcomer, "a", description="b")
    told = newcomer.bare.put(f"/collections/{made['id']}", json={"name": None, "unknown": 1}).json()
    assert (told["name"], told["description"]) == ("a", "b")
    told = newcomer.bare.put(f"/collections/{made['id']}", json={"description": ""}).json()
    assert (told["name"], told["description"]) == ("a", "")


def test_collections_are_listed_as_asked_for(newcomer: Caller) -> None:
    for name in ("b", "c", "a"):
        make(newcomer, name)

    def names(**query: object) -> list[str]:
        return [each["name"] for each in newcomer.get("/collections", **query)["data"]]

    assert names() == ["a", "c", "b"]
    assert names(order="name", sort="asc") == ["a", "b", "c"]
    assert names(order="name") == ["c", "b", "a"]
    assert names(limit=1, offset=1) == ["c"]
    assert names(collection_type="face-analysis", sort="asc") == ["b", "c", "a"]
    assert names(collection_type="entities") == []
    now = datetime.now(UTC)
    before, after = (now + timedelta(seconds=5)).isoformat(), (now - timedelta(minutes=5)).isoformat()
    assert len(names(created_after=after, created_before=before)) == 3
    assert names(created_after=before) == names(created_before=after) == []
    assert names(created_before="2020-01-01T00:00:00Z") == []


# what of a new collection is wrong
WRONG: list[Json] = [
    {"collection_type": "media-descriptions"},
    {"collection_type": "rich-transcripts"},
    {"collection_type": "faces"},
    {"collection_type": None},
    {"name": None},
    {"name": ""},
    {"name": "  "},
    {"name": 5},
    {"name": "x" * 257},
    {"name": "a\x00"},
    {"description": "a\x00"},
    {"description": 5},
    {"face_detection_config": []},
    {"face_detection_config": {"frame_extraction_config": {}}},
    {"face_detection_config": {"frame_extraction_config": {"strategy": "shots"}}},
    {
        "face_detection_config": {
            "frame_extraction_config": {"strategy": "uniform", "uniform_config": {"max_width": 10}}
        }
    },
]


@pytest.mark.parametrize("fields", WRONG, ids=lambda value: str(value)[:60])
def test_a_collection_that_is_wrong_is_refused(ada: Caller, fields: Json) -> None:
    body = {"collection_type": "face-analysis", "name": f"wrong {next(_numbers)}"} | fields
    error_of(ada.bare.post("/collections", json=body))


@pytest.mark.parametrize("fields", [{"name": ""}, {"name": 5}, {"description": []}, {"description": "\x00"}])
def test_a_change_that_is_wrong_is_refused(ada: Caller, shelf: Json, fields: Json) -> None:
    error_of(ada.bare.put(f"/collections/{shelf['id']}", json=fields))


QUERIES = [
    {"order": "size"},
    {"collection_type": "x"},
    {"created_after": "x"},
    {"limit": 0},
    {"created_before": "\x00"},
]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_query_that_is_wrong_is_refused(ada: Caller, query: Json) -> None:
    error_of(ada.bare.get("/collections", params=query))


# --- members ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(ada: Caller, file: Json) -> Json:
    """A collection of Ada's with the film in it, at two frames a second."""
    config = {"frame_extraction_config": {"strategy": "uniform", "uniform_config": {"frames_per_second": 2}}}
    made = make(ada, "shelf", face_detection_config=config)
    told = ada.vendor.collections.add_media(
        made["id"],
        file_id=file["id"],
        wait_until_finish=True,
        poll_interval=0.1,  # type: ignore[arg-type]
    )
    assert (told.status, told.file.filename, told.object) == ("completed", "show.mp4", "collection_file")
    return ada.get(f"/collections/{made['id']}")


def test_the_faces_of_a_member_are_found_the_collections_way(ada: Caller, shelf: Json, file: Json) -> None:
    assert shelf["file_count"] == 1
    told = ada.vendor.collections.get_face_detections(shelf["id"], file["id"], limit=10, offset=1)
    assert (told.total, told.limit, told.offset, len(told.faces)) == (12, 10, 1, 10)
    path = f"/collections/{shelf['id']}/videos/{file['id']}/face-detections"
    faces = ada.get(path)
    assert [face["timestamp"] for face in faces["faces"]][:3] == pytest.approx([0, 0.5, 1], abs=0.06)
    assert faces["status"] == "completed"
    assert [face["id"] for face in faces["faces"]][1:11] == [face.id for face in told.faces]


def test_a_file_that_is_added_twice_stays_as_it_is(ada: Caller, shelf: Json, file: Json) -> None:
    before = ada.get(f"/collections/{shelf['id']}/videos/{file['id']}")
    for path in ("media", "videos"):
        for body in ({"file_id": file["id"]}, {"url": file["uri"], "segmentation_config": {}}):
            again = ada.post(f"/collections/{shelf['id']}/{path}", body)
            assert (again["added_at"], again["status"]) == (before["added_at"], "completed")
    assert ada.get(f"/collections/{shelf['id']}")["file_count"] == 1


def test_a_film_is_added_while_it_is_looked_into(newcomer: Caller, show: bytes) -> None:
    file = newcomer.bare.post("/files", files={"file": ("show.mp4", show, "video/mp4")}).json()
    made = make(newcomer)
    path = f"/collections/{made['id']}/videos"
    sent = newcomer.post(path, {"file_id": file["id"]})
    faces = newcomer.get(f"{path}/{file['id']}/face-detections")
    assert faces["status"] in ("pending", "processing", "completed")
    assert sent["file"]["id"] == file["id"]
    assert newcomer.ended(f"{path}/{file['id']}")["status"] == "completed"
    assert newcomer.get(f"{path}/{file['id']}/face-detections")["total"] == 6


def test_a_film_on_the_web_is_added(newcomer: Caller, host: PictureHost, short: bytes) -> None:
    url = host.answer("/films/added.mp4", 200, {}, short)
    made = make(newcomer)
    with pytest.warns(DeprecationWarning, match="videos is deprecated"):
        sent = newcomer.vendor.collections.add_video(made["id"], url=url)
    told = newcomer.ended(f"/collections/{made['id']}/videos/{sent.file_id}")
    assert (told["status"], told["file"]["source"]) == ("completed", "http")
    gone = newcomer.post(f"/collections/{made['id']}/media", {"url": host.missing()})
    assert newcomer.ended(f"/collections/{made['id']}/videos/{gone['file_id']}")["status"] == "failed"


def test_members_are_listed_as_asked_for(newcomer: Caller, short: bytes) -> None:
    made = make(newcomer)
    path = f"/collections/{made['id']}/videos"
    for name in ("b.mp4", "c.mp4", "a.mp4"):
        file = newcomer.upload(short, name, letter=name[0])
        newcomer.post(path, {"file_id": file["id"]})
        newcomer.ended(f"{path}/{file['id']}")
    newcomer.upload(short, "elsewhere.mp4")

    def names(**query: object) -> list[str]:
        return [each["file"]["filename"] for each in newcomer.get(path, **query)["data"]]

    assert names() == ["a.mp4", "c.mp4", "b.mp4"]
    assert names(sort="asc") == ["b.mp4", "c.mp4", "a.mp4"]
    assert names(order="filename") == ["c.mp4", "b.mp4", "a.mp4"]
    assert names(order="filename", sort="asc", limit=1, offset=1) == ["b.mp4"]
    assert len(names(status="completed")) == 3
    assert names(status="failed") == names(status="not_applicable") == []
    assert names(added_before="2020-01-01") == []
    assert len(names(added_after="2020-01-01")) == 3
    letters = {"metadata": [{"path": "letter", "operator": "In", "valueTextArray": ["a", "b"]}]}
    assert names(filter=json.dumps(letters)) == ["a.mp4", "b.mp4"]
    listed = newcomer.vendor.collections.list_videos(made["id"], limit=2, order="filename", sort="asc")
    assert ([each.file.filename for each in listed.data], listed.total) == (["a.mp4", "b.mp4"], 3)


def test_a_member_is_removed_and_the_file_stays(newcomer: Caller, short: bytes) -> None:
    file, made = newcomer.upload(short), make(newcomer)
    newcomer.post(f"/collections/{made['id']}/media", {"file_id": file["id"]})
    told = newcomer.vendor.collections.remove_video(made["id"], file["id"])
    assert (told.collection_id, told.file_id, told.object) == (made["id"], file["id"], "collection_file")
    path = f"/collections/{made['id']}/videos/{file['id']}"
    for gone in (path, f"{path}/face-detections"):
        error_of(newcomer.bare.get(gone), 404)
    error_of(newcomer.bare.delete(path), 404)
    assert newcomer.get(f"/files/{file['id']}")["status"] == "completed"
    assert newcomer.get(f"/collections/{made['id']}")["file_count"] == 0


def test_a_collection_is_deleted_and_its_files_stay(newcomer: Caller, short: bytes) -> None:
    file, made = newcomer.upload(short), make(newcomer)
    newcomer.post(f"/collections/{made['id']}/media", {"file_id": file["id"]})
    newcomer.ended(f"/collections/{made['id']}/videos/{file['id']}")
    assert newcomer.bare.delete(f"/collections/{made['id']}").json() == {"id": made["id"], "object": "collection"}
    for path in ("", "/videos", f"/videos/{file['id']}", f"/videos/{file['id']}/face-detections"):
        error_of(newcomer.bare.get(f"/collections/{made['id']}{path}"), 404)
    assert newcomer.get(f"/files/{file['id']}")["status"] == "completed"


# what of a new member is wrong, the status
MEMBERS: list[tuple[Callable[[Json], Json], int]] = [
    (lambda file: {}, 400),
    (lambda file: {"file_id": None, "url": None}, 400),
    (lambda file: {"file_id": file["id"], "url": file["uri"]}, 400),
    (lambda file: {"file_id": "x"}, 400),
    (lambda file: {"file_id": 5}, 400),
    (lambda file: {"file_id": NOBODYS}, 404),
    (lambda file: {"url": "x"}, 400),
    (lambda file: {"url": "s3://bucket/a.mp4"}, 400),
    (lambda file: {"url": f"cloudglue://files/{NOBODYS}"}, 404),
]


@pytest.mark.parametrize(("body", "status"), MEMBERS)
@pytest.mark.parametrize("path", ["media", "videos"])
def test_a_member_that_is_wrong_is_refused(
    ada: Caller, shelf: Json, file: Json, path: str, body: Callable[[Json], Json], status: int
) -> None:
    error_of(ada.bare.post(f"/collections/{shelf['id']}/{path}", json=body(file)), status)
    assert ada.get(f"/collections/{shelf['id']}")["file_count"] == 1


def test_a_file_that_has_failed_cannot_be_added(ada: Caller, shelf: Json) -> None:
    file = ada.upload(b"no film")
    error_of(ada.bare.post(f"/collections/{shelf['id']}/media", json={"file_id": file["id"]}))
    assert ada.get(f"/collections/{shelf['id']}")["file_count"] == 1


@pytest.mark.parametrize("query", [{"status": "x"}, {"added_after": "x"}, {"order": "name"}, {"filter": "x"}])
def test_a_query_for_members_that_is_wrong_is_refused(ada: Caller, shelf: Json, query: Json) -> None:
    error_of(ada.bare.get(f"/collections/{shelf['id']}/videos", params=query))
