"""Face matches: at which seconds of a film a person appears."""

from __future__ import annotations

import base64

import httpx
import pytest

from support.client import Json
from support.cloudglue import Caller, error_of, frames
from support.people import EILEEN, GRACE, LUIS, empty_scene, encoded, jpeg, side_by_side
from support.picture_host import PictureHost

HERS = [0, 0.5, 1, 1.5, 6, 6.5, 7, 7.5]


def source(data: bytes) -> Json:
    return {"base64_image": base64.b64encode(data).decode()}


def spans(match: Json) -> list[tuple[float, float]]:
    return [(each["start_time_seconds"], each["end_time_seconds"]) for each in match["appearances"]]


# --- what is found ----------------------------------------------------------------------------------------


def test_the_best_faces_are_hers_and_the_numbers_say_so(eileen_match: Json) -> None:
    faces = eileen_match["data"]["faces_matches"]
    similarities = [face["similarity"] for face in faces]
    assert similarities == sorted(similarities, reverse=True)
    assert eileen_match["similarity_threshold"] == 50
    hers = [face for face in faces if face["similarity"] >= 50]
    assert sorted(face["timestamp"] for face in hers) == pytest.approx(HERS, abs=0.06)
    # those of the other are told too, for there is no threshold: they are the worst
    assert (eileen_match["data"]["total"], len(faces)) == (12, 12)
    assert len({face["id"] for face in faces}) == 12


def test_she_appears_twice(eileen_match: Json) -> None:
    first, second = eileen_match["appearances"]
    assert spans(eileen_match) == [pytest.approx((0, 1.5), abs=0.06), pytest.approx((6, 7.5), abs=0.06)]
    assert (first["face_count"], second["face_count"]) == (4, 4)
    best = eileen_match["data"]["faces_matches"][0]
    told = max(first["best"], second["best"], key=lambda each: each["similarity"])
    assert told == {name: value for name, value in best.items() if name != "id"}


def test_a_match_names_what_it_rests_on(eileen_match: Json, detection: Json, file: Json) -> None:
    for name in ("face_detection_id", "frame_extraction_id", "file_id"):
        assert eileen_match[name] == detection[name]
    assert eileen_match["file_id"] == file["id"]
    assert eileen_match["coverage"] == detection["coverage"]
    box = eileen_match["source_face_bounding_box"]
    assert 0 <= box["left"] < box["left"] + box["width"] <= 1
    found = {face["id"] for face in detection["data"]["faces"]}
    matched = eileen_match["data"]["faces_matches"]
    assert not found & {face["id"] for face in matched}  # an id of its own
    assert {face["frame_id"] for face in matched} == {face["frame_id"] for face in detection["data"]["faces"]}


def test_faces_and_best_moments_have_pictures(eileen_match: Json) -> None:
    urls = [each["best"]["thumbnail_url"] for each in eileen_match["appearances"]]
    urls.append(eileen_match["data"]["faces_matches"][0]["thumbnail_url"])
    assert [httpx.get(url).headers["content-type"] for url in urls] == ["image/jpeg"] * 3


def test_another_person_is_found_elsewhere(ada: Caller, file: Json, detection: Json) -> None:
    told = ada.match(file, source(jpeg(GRACE, 4)), face_detection_id=detection["face_detection_id"])
    assert spans(told) == [pytest.approx((4, 5.5), abs=0.06)]


def test_somebody_who_is_not_there_does_not_appear(ada: Caller, file: Json, detection: Json) -> None:
    told = ada.match(file, source(jpeg(LUIS, 1)), face_detection_id=detection["face_detection_id"])
    assert told["status"] == "completed"
    assert told["appearances"] == []
    assert told["data"]["total"] == 12  # the faces are told all the same, best first
    assert max(face["similarity"] for face in told["data"]["faces_matches"]) < 50


def test_the_largest_face_of_a_picture_is_looked_for(ada: Caller, file: Json, detection: Json) -> None:
    crowd = side_by_side((EILEEN, 4), (LUIS, 3))
    told = ada.match(file, source(crowd), face_detection_id=detection["face_detection_id"])
    assert told["status"] == "completed"
    assert told["source_face_bounding_box"]["width"] < 0.5


def test_a_film_without_people_is_no_fault(ada: Caller, file: Json, eileen: Json) -> None:
    window = frames(2, start_time_seconds=2.2, end_time_seconds=3.6)
    told = ada.match(file, eileen, frame_extraction_config=window)
    assert (told["status"], told["appearances"]) == ("completed", [])
    assert told["data"] == {"object": "list", "total": 0, "limit": 100, "offset": 0, "faces_matches": []}


# --- how it is asked for ----------------------------------------------------------------------------------


def test_the_vendors_client_runs_a_match(ada: Caller, file: Json, detection: Json) -> None:
    told = ada.vendor.face_match.run(
        f"data:image/jpeg;base64,{base64.b64encode(jpeg(EILEEN, 4)).decode()}",
        file["uri"],
        max_faces=8,
        face_detection_id=detection["face_detection_id"],
        poll_interval=0.1,  # type: ignore[arg-type]
    )
    assert (told.status, told.data.total) == ("completed", 8)
    assert min(face.similarity for face in told.data.faces_matches) >= 50
    assert told.source_face_bounding_box.width > 0
    assert (told.face_detection_id, told.file_id) == (detection["face_detection_id"], file["id"])


def test_a_match_of_its_own_makes_frames_and_faces(newcomer: Caller, short: bytes, host: PictureHost) -> None:
    file = newcomer.upload(short)
    sent = newcomer.vendor.face_match.create(
        newcomer.vendor.face_match.create_face_match_request(
            host.picture(jpeg(EILEEN, 4)), file["uri"], frame_extraction_config={"strategy": "uniform"}
        )
    )
    assert sent.status in ("pending", "processing")
    assert sent.data is None
    told = newcomer.ended(f"/face-match/{sent.face_match_id}")
    assert (told["status"], told["data"]["total"], told["data"]["limit"]) == ("completed", 1, 50)
    assert newcomer.get(f"/face-detect/{sent.face_detection_id}")["frame_extraction_id"] == sent.frame_extraction_id
    again = newcomer.match(file, source(jpeg(EILEEN, 4)), frame_extraction_id=sent.frame_extraction_id)
    assert again["frame_extraction_id"] == sent.frame_extraction_id
    assert again["face_match_id"] != sent.face_match_id


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_a_png_is_taken_too(ada: Caller, file: Json, detection: Json, prefix: str) -> None:
    picture = {"base64_image": prefix + base64.b64encode(encoded("PNG")).decode(), "url": "http://unused.invalid/"}
    told = ada.match(file, picture, face_detection_id=detection["face_detection_id"], max_faces=1)
    assert told["data"]["faces_matches"][0]["similarity"] >= 50


def test_unknown_fields_are_ignored(ada: Caller, file: Json, detection: Json, eileen: Json) -> None:
    told = ada.match(
        file,
        {**eileen, "isDefault": True},
        face_detection_id=detection["face_detection_id"],
        frame_extraction_id=None,
        segmentation_config={"strategy": "uniform"},
    )
    assert told["status"] == "completed"


def test_faces_of_a_film_without_a_face_in_the_picture(ada: Caller, file: Json, detection: Json) -> None:
    body = {
        "source_image": source(empty_scene()),
        "target_video_url": file["uri"],
        "face_detection_id": detection["face_detection_id"],
    }
    answer = ada.bare.post("/face-match", json=body)
    # allowed: refused at once, or the job fails
    if answer.status_code == 200:
        told = ada.ended(f"/face-match/{answer.json()['face_match_id']}")
        assert told["status"] == "failed"
        assert "face" in told["error"]
    else:
        assert "face" in error_of(answer)


def test_a_picture_that_is_not_there_fails_the_match(
    ada: Caller, file: Json, detection: Json, host: PictureHost
) -> None:
    told = ada.match(file, {"url": host.missing()}, face_detection_id=detection["face_detection_id"])
    assert told["status"] == "failed"
    assert told["error"]
    assert "source_face_bounding_box" not in told


# --- pages, lists, deletion -------------------------------------------------------------------------------


def test_the_cap_bounds_what_pages_go_through(ada: Caller, file: Json, detection: Json, eileen: Json) -> None:
    told = ada.match(file, eileen, face_detection_id=detection["face_detection_id"], max_faces=7)
    match_id = told["face_match_id"]
    assert told["data"]["total"] == 7
    pages = [ada.get(f"/face-match/{match_id}", limit=3, offset=offset)["data"] for offset in (0, 3, 6, 9)]
    assert [len(page["faces_matches"]) for page in pages] == [3, 3, 1, 0]
    assert [face for page in pages for face in page["faces_matches"]] == told["data"]["faces_matches"]
    assert {page["total"] for page in pages} == {7}
    # appearances are those of the whole film, whatever the cap
    assert len(told["appearances"]) == 2
    page = ada.vendor.face_match.get(match_id, limit=2, offset=5).data
    assert (len(page.faces_matches), page.limit, page.offset) == (2, 2, 5)


def test_matches_are_listed_without_their_faces(ada: Caller, eileen_match: Json) -> None:
    listed = ada.vendor.face_match.list(limit=100)
    row = next(each for each in listed.data if each.job_id == eileen_match["face_match_id"])
    assert (row.match_count, row.status, row.file_id) == (12, "completed", eileen_match["file_id"])
    assert row.face_detection_id == eileen_match["face_detection_id"]
    assert row.source_face_bounding_box.to_dict() == eileen_match["source_face_bounding_box"]
    rows = ada.get("/face-match", limit=100)["data"]
    assert not {"data", "appearances", "face_match_id"} & {name for each in rows for name in each}
    assert ada.get("/face-match", status="completed", created_after="2020-01-01")["total"] > 0
    assert ada.get("/face-match", created_before="2020-01-01")["total"] == 0


def test_a_match_is_deleted_and_nothing_else(ada: Caller, file: Json, detection: Json, eileen: Json) -> None:
    told = ada.match(file, eileen, face_detection_id=detection["face_detection_id"])
    answer = ada.vendor.face_match.delete(told["face_match_id"])
    assert (answer.face_match_id, answer.object) == (told["face_match_id"], "face_match")
    error_of(ada.bare.get(f"/face-match/{told['face_match_id']}"), 404)
    error_of(ada.bare.delete(f"/face-match/{told['face_match_id']}"), 404)
    assert ada.get(f"/face-detect/{detection['face_detection_id']}")["data"]["total"] == 12


# --- refusals ---------------------------------------------------------------------------------------------

NOBODYS = "9a7c1a40-0000-4000-8000-000000000001"

# what of a request is wrong, the status
WRONG: list[tuple[Json, int]] = [
    ({"source_image": None}, 400),
    ({"source_image": {}}, 400),
    ({"source_image": "http://host/a.jpg"}, 400),
    ({"source_image": {"file_path": "ada.jpg"}}, 400),
    ({"source_image": {"base64": "aGVsbG8="}}, 400),  # the other key
    ({"source_image": {"base64_image": ""}}, 400),
    ({"source_image": {"base64_image": 5}}, 400),
    ({"source_image": {"base64_image": "not base64!"}}, 400),
    ({"source_image": source(b"hello")}, 400),
    ({"source_image": source(encoded("GIF"))}, 400),
    ({"source_image": source(encoded("WEBP"))}, 400),
    ({"source_image": source(jpeg(EILEEN)[:200])}, 400),
    ({"source_image": {"url": "ftp://host/a.jpg"}}, 400),
    ({"source_image": {"url": "cloudglue://files/x"}}, 400),
    ({"source_image": {"url": "x" * 3000}}, 400),
    ({"target_video_url": None}, 400),
    ({"target_video_url": "s3://bucket/a.mp4"}, 400),
    ({"target_video_url": "cloudglue://files/"}, 400),
    ({"target_video_url": f"cloudglue://files/{NOBODYS}"}, 404),
    ({"max_faces": 0}, 400),
    ({"max_faces": 4001}, 400),
    ({"max_faces": "5"}, 400),
    ({"max_faces": 1.5}, 400),
    ({"max_faces": True}, 400),
    ({"face_detection_id": "x"}, 400),
    ({"face_detection_id": NOBODYS}, 404),
    ({"frame_extraction_id": NOBODYS}, 404),
    ({"frame_extraction_config": {"strategy": "shots"}}, 400),
]


@pytest.mark.parametrize(("fields", "status"), WRONG, ids=lambda value: str(value)[:60])
def test_a_request_that_is_wrong_is_refused_and_makes_nothing(
    ada: Caller, file: Json, eileen: Json, fields: Json, status: int
) -> None:
    before = [ada.get(path)["total"] for path in ("/files", "/face-detect", "/face-match")]
    body = {"source_image": eileen, "target_video_url": file["uri"]} | fields
    error_of(ada.bare.post("/face-match", json=body), status)
    assert [ada.get(path)["total"] for path in ("/files", "/face-detect", "/face-match")] == before


def test_faces_of_another_film_are_refused(newcomer: Caller, short: bytes, eileen: Json) -> None:
    one, other = newcomer.upload(short), newcomer.upload(short)
    detection = newcomer.detect(other)
    body = {"source_image": eileen, "target_video_url": one["uri"]}
    for name in ("face_detection_id", "frame_extraction_id"):
        refused = newcomer.bare.post("/face-match", json=body | {name: detection[name]})
        assert name in error_of(refused)


def test_a_body_of_more_than_64_mib_is_too_large(ada: Caller, file: Json) -> None:
    body = {"source_image": {"base64_image": "A" * 64 * 1024 * 1024}, "target_video_url": file["uri"]}
    assert "bytes" in error_of(ada.bare.post("/face-match", json=body))
