"""Face detections: who is on screen in which frame, without names."""

from __future__ import annotations

import httpx
import pytest

from support.client import Json
from support.cloudglue import Caller, error_of, frames

# when somebody is on screen, looked at twice a second
TIMES = [0, 0.5, 1, 1.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5]


def test_faces_are_found_where_people_are(detection: Json, file: Json) -> None:
    assert detection["status"] == "completed"
    assert detection["file_id"] == file["id"]
    faces = detection["data"]["faces"]
    assert [face["timestamp"] for face in faces] == pytest.approx(TIMES, abs=0.06)
    # Eileen sits on the left, Grace on the right
    on_the_left = [face["face_bounding_box"]["left"] + face["face_bounding_box"]["width"] / 2 < 0.5 for face in faces]
    assert on_the_left == [True] * 4 + [False] * 4 + [True] * 4
    for face in faces:
        assert httpx.get(face["thumbnail_url"]).headers["content-type"] == "image/jpeg"


def test_a_detection_tells_how_much_of_the_film_it_has_seen(detection: Json) -> None:
    coverage = detection["coverage"]
    assert (coverage["frames_looked_at"], coverage["frames_missed"], coverage["frames_in_file"]) == (16, 0, 80)
    assert (coverage["start_time_seconds"], coverage["end_time_seconds"]) == pytest.approx((0, 8), abs=0.15)
    assert coverage["shortest_missable_seconds"] == pytest.approx(0.5, abs=0.11)
    assert detection["progress"] == 1.0


def test_where_every_picture_was_looked_at_nobody_can_be_missed(newcomer: Caller, short: bytes) -> None:
    told = newcomer.detect(newcomer.upload(short), frame_extraction_config=frames(10))
    coverage = told["coverage"]
    assert (coverage["frames_looked_at"], coverage["frames_in_file"]) == (5, 5)
    assert coverage["shortest_missable_seconds"] == 0


def test_the_vendors_client_runs_a_detection(ada: Caller, file: Json, detection: Json) -> None:
    told = ada.vendor.face_detection.run(
        file["uri"],
        frame_extraction_id=detection["frame_extraction_id"],
        frame_extraction_config={"strategy": "uniform", "start_time_seconds": 100},  # the id wins
        poll_interval=0.1,  # type: ignore[arg-type]
    )
    assert (told.status, told.data.total) == ("completed", len(TIMES))
    assert told.frame_extraction_id == detection["frame_extraction_id"]
    assert told.face_detection_id != detection["face_detection_id"]


def test_pages_of_faces_are_in_one_order(ada: Caller, detection: Json) -> None:
    detection_id = detection["face_detection_id"]
    pages = [ada.get(f"/face-detect/{detection_id}", limit=5, offset=offset)["data"] for offset in (0, 5, 10, 15)]
    assert [face for page in pages for face in page["faces"]] == detection["data"]["faces"]
    assert [(page["total"], page["limit"], page["offset"]) for page in pages] == [
        (12, 5, offset) for offset in (0, 5, 10, 15)
    ]
    page = ada.vendor.face_detection.get(detection_id, limit=1, offset=11).data
    assert [face.timestamp for face in page.faces] == pytest.approx([7.5], abs=0.06)


def test_detections_are_listed_without_their_faces(ada: Caller, detection: Json) -> None:
    listed = ada.vendor.face_detection.list(limit=100, status="completed", created_after="2020-01-01")
    row = next(each for each in listed.data if each.job_id == detection["face_detection_id"])
    assert (row.total_faces, row.file_id, row.status) == (12, detection["file_id"], "completed")
    assert ada.get("/face-detect", created_before="2020-01-01")["total"] == 0
    assert all("data" not in each for each in ada.get("/face-detect")["data"])
    newest = [each["created_at"] for each in ada.get("/face-detect")["data"]]
    assert newest == sorted(newest, reverse=True)


def test_nobody_in_a_film_is_no_fault(ada: Caller, file: Json) -> None:
    told = ada.detect(file, frame_extraction_config=frames(2, start_time_seconds=2.2, end_time_seconds=3.6))
    assert told["status"] == "completed"
    assert (told["data"]["total"], told["data"]["faces"]) == (0, [])


def test_a_detection_is_deleted_and_decided_matches_stay(newcomer: Caller, short: bytes, eileen: Json) -> None:
    file = newcomer.upload(short)
    match = newcomer.match(file, eileen)
    detection_id = match["face_detection_id"]
    assert newcomer.vendor.face_detection.delete(detection_id).id == detection_id
    error_of(newcomer.bare.get(f"/face-detect/{detection_id}"), 404)
    error_of(newcomer.bare.delete(f"/face-detect/{detection_id}"), 404)
    told = newcomer.get(f"/face-match/{match['face_match_id']}")
    assert (told["status"], told["data"]["total"]) == ("completed", 1)
    assert len(told["appearances"]) == 1
    assert newcomer.get(f"/frames/{match['frame_extraction_id']}")["status"] == "completed"


# --- refusals ---------------------------------------------------------------------------------------------

NOBODYS = "9a7c1a40-0000-4000-8000-000000000001"

# what of a request is wrong, the status
WRONG: list[tuple[Json, int]] = [
    ({"url": None}, 400),
    ({"url": ""}, 400),
    ({"url": 5}, 400),
    ({"url": "cloudglue://files/"}, 400),
    ({"url": "cloudglue://files/x"}, 400),
    ({"url": "s3://bucket/a.mp4"}, 400),
    ({"url": "gdrive://file/1"}, 400),
    ({"url": "ftp://host/a.mp4"}, 400),
    ({"url": "http://"}, 400),
    ({"url": "https://host/" + "x" * 3000}, 400),
    ({"url": "https://host/\x00"}, 400),
    ({"url": f"cloudglue://files/{NOBODYS}"}, 404),
    ({"frame_extraction_id": "x"}, 400),
    ({"frame_extraction_id": 5}, 400),
    ({"frame_extraction_id": NOBODYS}, 404),
    ({"frame_extraction_config": []}, 400),
]


@pytest.mark.parametrize(("fields", "status"), WRONG, ids=str)
def test_a_request_that_is_wrong_is_refused_and_makes_nothing(
    ada: Caller, file: Json, fields: Json, status: int
) -> None:
    before = [ada.get(path)["total"] for path in ("/files", "/face-detect", "/face-match")]
    error_of(ada.bare.post("/face-detect", json={"url": file["uri"]} | fields), status)
    assert [ada.get(path)["total"] for path in ("/files", "/face-detect", "/face-match")] == before


def test_frames_of_another_film_are_refused(newcomer: Caller, short: bytes) -> None:
    one, other = newcomer.upload(short), newcomer.upload(short)
    extraction = newcomer.post(f"/files/{other['id']}/frames", frames(1))
    body = {"url": one["uri"], "frame_extraction_id": extraction["frame_extraction_id"]}
    assert "frame_extraction_id" in error_of(newcomer.bare.post("/face-detect", json=body))
    fetched = body | {"url": "https://example.invalid/a.mp4"}
    assert "frame_extraction_id" in error_of(newcomer.bare.post("/face-detect", json=fetched))
    assert newcomer.get("/files")["total"] == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b'{"url": "\\ud800"}'])
@pytest.mark.parametrize("path", ["/face-detect", "/face-match", "/collections", "/search", "/webhooks"])
def test_what_is_no_json_object_is_refused(ada: Caller, path: str, content: bytes) -> None:
    error_of(ada.bare.post(path, content=content))


def test_a_body_that_is_too_large_is_refused(ada: Caller) -> None:
    assert "bytes" in error_of(ada.bare.post("/face-detect", json={"url": "x" * 64 * 1024 * 1024}))


@pytest.mark.parametrize("path", ["/face-detect", "/face-match"])
@pytest.mark.parametrize(
    "query", [{"status": "not_applicable"}, {"limit": 0}, {"limit": 101}, {"offset": -1}, {"created_after": "x"}]
)
def test_a_query_that_is_wrong_is_refused(ada: Caller, path: str, query: Json) -> None:
    error_of(ada.bare.get(path, params=query))
