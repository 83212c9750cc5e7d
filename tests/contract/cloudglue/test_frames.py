"""Frames: asked for once, the same ones ever after."""

from __future__ import annotations

import httpx
import pytest
from cloudglue.client.resources.base import CloudglueError

from support.client import Json
from support.cloudglue import Caller, error_of, frames


def test_the_vendors_client_extracts_frames(newcomer: Caller, show: bytes) -> None:
    file = newcomer.upload(show)
    sent = newcomer.vendor.files.create_frame_extraction(file["id"], uniform_config={"frames_per_second": 2.0})
    assert sent.file_id == file["id"]
    newcomer.ended(f"/frames/{sent.frame_extraction_id}")
    told = newcomer.vendor.frames.get(sent.frame_extraction_id, limit=5, offset=2)
    assert (told.status, told.frame_count, told.data.total) == ("completed", 16, 16)
    assert [each.timestamp for each in told.data.frames] == pytest.approx([1, 1.5, 2, 2.5, 3], abs=0.06)
    for each in told.data.frames:
        assert httpx.get(each.thumbnail_url).headers["content-type"] == "image/jpeg"


def test_what_was_not_said_is_echoed_with_what_is_in_force(ada: Caller, file: Json) -> None:
    sent = ada.post(f"/files/{file['id']}/frames", {"strategy": "uniform", "unknown": {"a": 1}})
    assert sent["frame_extraction_config"] == {
        "strategy": "uniform",
        "uniform_config": {"frames_per_second": 1.0, "max_width": 1024},
        "thumbnails_config": {"enable_frame_thumbnails": True},
    }
    same = {"strategy": "uniform", "uniform_config": {"frames_per_second": 1, "max_width": 1024.0}}
    assert ada.post(f"/files/{file['id']}/frames", same)["frame_extraction_id"] == sent["frame_extraction_id"]
    other = ada.post(f"/files/{file['id']}/frames", frames(1, start_time_seconds=1))
    assert other["frame_extraction_id"] != sent["frame_extraction_id"]
    for each in (sent, other):
        ada.ended(f"/frames/{each['frame_extraction_id']}")


def test_frames_of_a_window_tell_times_of_the_film(ada: Caller, file: Json) -> None:
    window = frames(2, start_time_seconds=4, end_time_seconds=5.2, thumbnails_config={"enable_frame_thumbnails": False})
    sent = ada.post(f"/files/{file['id']}/frames", window)
    told = ada.ended(f"/frames/{sent['frame_extraction_id']}")
    assert [each["timestamp"] for each in told["data"]["frames"]] == pytest.approx([4, 4.5, 5], abs=0.06)
    assert all("thumbnail_url" not in each for each in told["data"]["frames"])
    config = told["frame_extraction_config"]
    assert (config["start_time_seconds"], config["end_time_seconds"]) == (4, 5.2)
    assert config["thumbnails_config"] == {"enable_frame_thumbnails": False}
    assert told["progress"] == 1.0


def test_a_narrow_film_is_not_enlarged(ada: Caller, file: Json) -> None:
    window = {"start_time_seconds": 0, "end_time_seconds": 0.4}
    for width in (4096, 128):
        config = {"strategy": "uniform", "uniform_config": {"max_width": width}, **window}
        sent = ada.post(f"/files/{file['id']}/frames", config)
        assert sent["frame_extraction_config"]["uniform_config"]["max_width"] == width
        assert ada.ended(f"/frames/{sent['frame_extraction_id']}")["status"] == "completed"


def test_frames_are_asked_for_while_the_film_is_looked_into(newcomer: Caller, show: bytes) -> None:
    file = newcomer.bare.post("/files", files={"file": ("show.mp4", show, "video/mp4")}).json()
    sent = newcomer.post(f"/files/{file['id']}/frames", frames(1))
    outside = newcomer.post(f"/files/{file['id']}/frames", frames(1, start_time_seconds=100))
    assert newcomer.ended(f"/frames/{sent['frame_extraction_id']}")["frame_count"] == 8
    told = newcomer.ended(f"/frames/{outside['frame_extraction_id']}")
    assert told["status"] == "failed"
    assert told["error"]
    assert "frame_count" not in told


def test_extractions_of_a_film_are_listed_without_their_frames(newcomer: Caller, short: bytes) -> None:
    file = newcomer.upload(short)
    sent = [newcomer.post(f"/files/{file['id']}/frames", frames(rate)) for rate in (1, 2, 3)]
    ids = [each["frame_extraction_id"] for each in sent]
    newcomer.ended(f"/frames/{ids[0]}")
    listed = newcomer.vendor.files.api.list_file_frame_extractions(file["id"], limit=2)
    assert ([each.frame_extraction_id for each in listed.data], listed.total) == (ids[:0:-1], 3)
    rows = newcomer.get(f"/files/{file['id']}/frames", offset=2)
    assert [row["frame_extraction_id"] for row in rows["data"]] == ids[:1]
    assert "data" not in rows["data"][0]


def test_frames_are_deleted_and_their_faces_stay(newcomer: Caller, short: bytes) -> None:
    file = newcomer.upload(short)
    detection = newcomer.detect(file, frame_extraction_config=frames(4))
    picture = detection["data"]["faces"][0]["thumbnail_url"]
    assert httpx.get(picture).status_code == 200
    extraction_id = detection["frame_extraction_id"]
    assert newcomer.vendor.frames.delete(extraction_id).id == extraction_id
    error_of(newcomer.bare.get(f"/frames/{extraction_id}"), 404)
    with pytest.raises(CloudglueError) as refused:
        newcomer.vendor.frames.delete(extraction_id)
    assert refused.value.status_code == 404
    assert httpx.get(picture).status_code == 404
    told = newcomer.get(f"/face-detect/{detection['face_detection_id']}")
    assert told["data"]["total"] == detection["data"]["total"]


# a window or a configuration that is wrong
WRONG: list[Json] = [
    {},
    {"strategy": "shots"},
    {"strategy": "uniform", "uniform_config": {"frames_per_second": 0}},
    {"strategy": "uniform", "uniform_config": {"frames_per_second": 30.1}},
    {"strategy": "uniform", "uniform_config": {"frames_per_second": "1"}},
    {"strategy": "uniform", "uniform_config": {"max_width": 5000}},
    {"strategy": "uniform", "thumbnails_config": {"enable_frame_thumbnails": "yes"}},
    {"strategy": "uniform", "start_time_seconds": -1},
    {"strategy": "uniform", "start_time_seconds": 3, "end_time_seconds": 2},
    {"strategy": "uniform", "start_time_seconds": 3, "end_time_seconds": 3},
    {"strategy": "uniform", "start_time_seconds": 9},
    {"strategy": "uniform", "start_time_seconds": 1e300},
]


@pytest.mark.parametrize("config", WRONG, ids=str)
def test_wrong_frames_are_refused(ada: Caller, file: Json, config: Json) -> None:
    before = ada.get(f"/files/{file['id']}/frames")["total"]
    error_of(ada.bare.post(f"/files/{file['id']}/frames", json=config))
    error_of(ada.bare.post("/face-detect", json={"url": file["uri"], "frame_extraction_config": config}))
    assert ada.get(f"/files/{file['id']}/frames")["total"] == before
