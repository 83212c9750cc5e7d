"""Searches: in which videos of some collections a person appears."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from support.client import Json
from support.cloudglue import Caller, error_of
from support.films import Scene, film
from support.people import EILEEN, GRACE, empty_scene, encoded, jpeg
from support.picture_host import PictureHost

NOBODYS = "9a7c1a40-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Archive:
    """Two collections: the film in one; in the other, one film with a second of Eileen and one with Grace."""

    caller: Caller
    film: Json
    eileens: Json
    graces: Json
    first: Json
    second: Json

    def search(self, source: Json, **fields: object) -> Json:
        """A search over both, unless said otherwise."""
        collections = [self.first["id"], self.second["id"]]
        return self.caller.post(
            "/search", {"scope": "face", "collections": collections, "source_image": source} | fields
        )


@pytest.fixture(scope="module")
def archive(sign_up: Callable[..., Caller], show: bytes) -> Archive:
    caller = sign_up("archive")
    shots = [film((Scene(1, ((who, view, 200, 60, 240),)),), frame_rate=10) for who, view in ((EILEEN, 2), (GRACE, 0))]
    whole = caller.upload(show, "show.mp4", kind="show")
    eileens, graces = (caller.upload(shot, f"{n}.mp4", kind="shot") for n, shot in enumerate(shots))
    config = {"frame_extraction_config": {"strategy": "uniform", "uniform_config": {"frames_per_second": 2}}}
    collections = []
    for name, files in (("first", [whole]), ("second", [eileens, graces])):
        body = {"collection_type": "face-analysis", "name": name, "face_detection_config": config}
        made = caller.post("/collections", body)
        for file in files:
            caller.post(f"/collections/{made['id']}/media", {"file_id": file["id"]})
            assert caller.ended(f"/collections/{made['id']}/videos/{file['id']}")["status"] == "completed"
        collections.append(made)
    return Archive(caller, whole, eileens, graces, collections[0], collections[1])


@pytest.fixture(scope="module")
def her() -> Json:
    return {"base64": base64.b64encode(jpeg(EILEEN, 4)).decode()}


# --- what is found ----------------------------------------------------------------------------------------


def test_the_best_faces_are_hers(archive: Archive, her: Json) -> None:
    told = archive.search(her)
    assert (told["total"], told["limit"], told["query"], told["scope"]) == (10, 10, "base64", "face")
    assert not {"group_by_key", "group_count"} & set(told)
    scores = [each["score"] for each in told["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(each["type"] == "face" for each in told["results"])
    hers = [each for each in told["results"] if each["score"] >= 50]
    assert {each["file_id"] for each in hers} == {archive.film["id"], archive.eileens["id"]}
    assert len(hers) == 10  # eight in the film, two in the shot
    assert {each["collection_id"] for each in hers} == {archive.first["id"], archive.second["id"]}


def test_what_is_found_is_what_the_collections_list(archive: Archive, her: Json) -> None:
    [best, *_] = archive.search(her, collections=[archive.first["id"]])["results"]
    path = f"/collections/{archive.first['id']}/videos/{archive.film['id']}/face-detections"
    listed = {face["id"]: face for face in archive.caller.get(path)["faces"]}
    face = listed[best["face_id"]]
    assert face["frame_id"] == best["frame_id"]
    assert face["timestamp"] == best["timestamp"]
    assert face["face_bounding_box"] == best["face_bounding_box"]
    assert httpx.get(best["thumbnail_url"]).headers["content-type"] == "image/jpeg"


def test_the_vendors_client_searches(archive: Archive, host: PictureHost) -> None:
    search = archive.caller.vendor.search
    url = host.picture(jpeg(EILEEN, 4))
    told = search.search(
        "face", [archive.first["id"], archive.second["id"]], source_image=url, limit=3, search_modalities=None
    )
    assert (told.total, told.limit, told.query, told.scope) == (3, 3, url, "face")
    assert [each.actual_instance.type for each in told.results] == ["face"] * 3
    assert search.get(told.id) == told
    assert search.list(limit=1).data[0].id == told.id


def test_the_vendors_client_searches_by_file(archive: Archive, her: Json) -> None:
    told = archive.caller.vendor.search.search(
        "face",
        [archive.first["id"], archive.second["id"]],
        source_image=f"data:image/jpeg;base64,{her['base64']}",
        group_by_key="file",
        sort_by="item_count",
        threshold=50,
    )
    groups = [each.actual_instance for each in told.results]
    assert [(each.file_id, each.item_count) for each in groups] == [
        (archive.film["id"], 8),
        (archive.eileens["id"], 2),
    ]
    assert (told.total, told.group_count, told.group_by_key) == (10, 2, "file")


def test_groups_are_of_the_best_faces(archive: Archive, her: Json) -> None:
    told = archive.search(her, group_by_key="file", limit=4, sort_by="score")
    assert told["total"] == sum(group["item_count"] for group in told["results"]) == 4
    assert told["group_count"] == len(told["results"])
    for group in told["results"]:
        scores = [each["score"] for each in group["matched_items"]]
        assert (group["best_score"], len(scores)) == (max(scores), group["item_count"])
        assert {each["file_id"] for each in group["matched_items"]} == {group["file_id"]}
    best = [group["best_score"] for group in told["results"]]
    assert best == sorted(best, reverse=True)


# a threshold, how many faces are found
THRESHOLDS = [(None, 16), (0, 16), (-5, 16), (50, 10), (50.0, 10), (100.5, 0), (1e6, 0)]


@pytest.mark.parametrize(("threshold", "count"), THRESHOLDS)
def test_a_threshold_is_a_least_score(archive: Archive, her: Json, threshold: float | None, count: int) -> None:
    assert archive.search(her, threshold=threshold, limit=100)["total"] == count


def test_a_filter_is_about_files(archive: Archive, her: Json) -> None:
    shots = {"metadata": [{"path": "kind", "operator": "Equal", "valueText": "shot", "scope": "file"}]}
    told = archive.search(her, filter=shots, limit=100)
    assert {each["file_id"] for each in told["results"]} == {archive.eileens["id"], archive.graces["id"]}
    with_sound = {"video_info": [{"path": "has_audio", "operator": "Equal", "valueText": "true"}]}
    assert archive.search(her, filter=with_sound, limit=100)["total"] == 12
    assert archive.search(her, filter={})["total"] == 10


def test_a_collection_named_twice_is_searched_once(archive: Archive, her: Json) -> None:
    told = archive.search(her, collections=[archive.second["id"]] * 2, limit=100)
    assert told["total"] == 4


def test_an_empty_collection_has_nobody(archive: Archive, her: Json) -> None:
    made = archive.caller.post("/collections", {"collection_type": "face-analysis", "name": "empty"})
    told = archive.search(her, collections=[made["id"]])
    assert (told["results"], told["total"]) == ([], 0)
    grouped = archive.search(her, collections=[made["id"]], group_by_key="file")
    assert (grouped["results"], grouped["group_count"]) == ([], 0)


# --- searches that were made ------------------------------------------------------------------------------


def test_a_search_is_kept_and_repeats_its_answer(archive: Archive, her: Json) -> None:
    for fields in ({}, {"group_by_key": "file"}):
        told = archive.search(her, **fields)
        assert archive.caller.get(f"/search/{told['id']}") == told


def test_searches_are_listed_newest_first_with_numbers_only(archive: Archive, her: Json) -> None:
    made = [archive.search(her, limit=limit, **fields) for limit, fields in ((3, {}), (4, {"group_by_key": "file"}))]
    listed = archive.caller.get("/search", limit=2)
    newest, older = listed["data"]
    assert [newest["id"], older["id"]] == [made[1]["id"], made[0]["id"]]
    assert (newest["total"], newest["limit"], newest["results"]) == (4, 4, [])
    assert (newest["group_by_key"], newest["group_count"]) == ("file", made[1]["group_count"])
    assert listed["total"] >= 2
    assert archive.caller.get("/search", limit=1, offset=1)["data"] == [older]
    assert archive.caller.get("/search", created_before="2020-01-01")["total"] == 0
    assert archive.caller.get("/search", created_after="2020-01-01")["total"] == listed["total"]


# --- refusals ---------------------------------------------------------------------------------------------


def in_base64(data: bytes) -> Json:
    return {"base64": base64.b64encode(data).decode()}


# what of a request is wrong, the status
WRONG: list[tuple[Json, int]] = [
    ({"scope": "file"}, 400),
    ({"scope": "segment", "query": "somebody"}, 400),
    ({"scope": "moment"}, 400),
    ({"scope": None}, 400),
    ({"collections": None}, 400),
    ({"collections": []}, 400),
    ({"collections": ["x"]}, 400),
    ({"collections": [NOBODYS]}, 404),
    ({"source_image": None}, 400),
    ({"source_image": {}}, 400),
    ({"source_image": {"base64_image": in_base64(jpeg(EILEEN))["base64"]}}, 400),  # the other key
    ({"source_image": {"base64": "no!"}}, 400),
    ({"source_image": in_base64(b"no picture")}, 400),
    ({"source_image": in_base64(encoded("GIF"))}, 400),
    ({"source_image": in_base64(empty_scene())}, 400),  # nobody in it
    ({"source_image": {"url": "ftp://host/a.jpg"}}, 400),
    ({"limit": 0}, 400),
    ({"limit": 1001}, 400),
    ({"limit": "5"}, 400),
    ({"threshold": "50"}, 400),
    ({"group_by_key": "person"}, 400),
    ({"sort_by": "time"}, 400),
    ({"sort_by": "item_count"}, 400),  # of what, without groups?
    ({"filter": []}, 400),
    ({"filter": {"metadata": [{"path": "a", "operator": "Near", "valueText": "x"}]}}, 400),
    ({"filter": {"metadata": [{"path": "a", "operator": "Equal", "valueText": "x", "scope": "segment"}]}}, 400),
]


@pytest.mark.parametrize(("fields", "status"), WRONG, ids=lambda value: str(value)[:60])
def test_a_search_that_is_wrong_is_refused_and_not_kept(archive: Archive, her: Json, fields: Json, status: int) -> None:
    before = archive.caller.get("/search")["total"]
    body = {"scope": "face", "collections": [archive.first["id"]], "source_image": her} | fields
    error_of(archive.caller.bare.post("/search", json=body), status)
    assert archive.caller.get("/search")["total"] == before


def test_a_picture_that_is_not_there_is_refused(archive: Archive, host: PictureHost) -> None:
    body = {"scope": "face", "collections": [archive.first["id"]], "source_image": {"url": host.missing()}}
    error_of(archive.caller.bare.post("/search", json=body))
