"""What we know, in the wire's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.accounts.media_links import MediaLinks
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue import translate
from visavis.dialects.cloudglue.endpoints.context import answer
from visavis.dialects.cloudglue.events import file_event
from visavis.dialects.cloudglue.links import Links
from visavis.records import Box
from visavis.video_records import (
    CollectionMember,
    FaceMatch,
    FaceSearch,
    FileEvent,
    SearchHit,
    VideoFile,
    VideoInfo,
    VideoSource,
    VideoStatus,
)

LINKS = Links(MediaLinks(b"k" * 32), "http://here", 60)
NOW = datetime(2024, 2, 29, 12, 30, 15, 678_000, UTC)
ID = UUID("9a7c1a40-0000-4000-8000-000000000001")
BOX = Box(0.25, 0.125, 0.5, 0.75)


def make_file(**changes: object) -> VideoFile:
    values: dict[str, object] = {
        "id": ID,
        "organization_id": uuid4(),
        "application_id": uuid4(),
        "filename": "a.mp4",
        "byte_count": 12,
        "sha256": "ab",
        "source": VideoSource.UPLOAD,
        "source_url": None,
        "metadata": {"who": None},
        "status": VideoStatus.PENDING,
        "failure": None,
        "info": None,
        "has_poster": False,
        "created_at": NOW,
        "ended_at": None,
    }
    return VideoFile(**(values | changes))  # type: ignore[arg-type]


INFO = VideoInfo("mp4", 6.04, 640, 360, 25.0, False, 151, 80_000, True, 48_000, 1)


# --- numbers ----------------------------------------------------------------------------------------------

# score, similarity on the wire
SIMILARITIES = [
    (0.5, 50.0),
    (0.49999999, 49.9999),  # below the verdict's boundary stays below it
    (0.50000001, 50.0),
    (0.1234567, 12.3457),
    (0.0, 0.0),
    (-1e-9, 0.0),
    (1.0, 100.0),
    (1.0000001, 100.0),
    (1e-12, 0.0),
]


@pytest.mark.parametrize(("score", "similarity"), SIMILARITIES)
def test_a_similarity_is_a_hundred_times_the_score(score: float, similarity: float) -> None:
    assert translate.similarity(score) == similarity


@given(st.floats(0, 1))
def test_a_similarity_says_yes_where_the_score_does(score: float) -> None:
    told = translate.similarity(score)
    assert 0 <= told <= 100
    assert (told >= translate.SIMILARITY_THRESHOLD) == (score >= 0.5)


def test_a_box_is_told_from_its_upper_left_corner() -> None:
    told = translate.box_to_wire(BOX)
    assert (told.left, told.top, told.width, told.height) == (0.25, 0.125, 0.25, 0.625)


@given(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_box_leaves_the_picture(xs: tuple[float, float], ys: tuple[float, float]) -> None:
    (x_min, x_max), (y_min, y_max) = sorted(xs), sorted(ys)
    if x_min == x_max or y_min == y_max:
        return
    told = translate.box_to_wire(Box(x_min, y_min, x_max, y_max))
    for start, size in ((told.left, told.width), (told.top, told.height)):
        assert 0 <= start <= 1
        assert 0 <= size <= 1
        assert start + size <= 1 + 1e-9


def test_moments_are_milliseconds() -> None:
    assert translate.milliseconds(NOW) == 1709209815678


# --- resources --------------------------------------------------------------------------------------------


def test_a_file_that_is_not_looked_into_tells_what_is_known() -> None:
    told = json.loads(answer(translate.file_to_wire(make_file(), LINKS)).body)
    assert told == {
        "id": str(ID),
        "status": "pending",
        "bytes": 12,
        "created_at": 1709209815678,
        "filename": "a.mp4",
        "uri": f"cloudglue://files/{ID}",
        "metadata": {"who": None},  # the client's own null is kept
        "media_type": "video",
        "source": "upload",
        "sha256": "ab",
    }


def test_a_completed_file_tells_all() -> None:
    file = make_file(status=VideoStatus.COMPLETED, info=INFO, has_poster=True, source=VideoSource.HTTP)
    told = json.loads(answer(translate.file_to_wire(file, LINKS)).body)
    assert told["video_info"] == {
        "duration_seconds": 6.04,
        "width": 640,
        "height": 360,
        "format": "mp4",
        "has_audio": True,
    }
    assert told["media_info"] == {**told["video_info"], "sample_rate": 48_000, "channels": 1, "bitrate": 80_000}
    assert told["source"] == "http"
    assert (told["frame_rate"], told["frame_count"]) == (25.0, 151)
    assert told["thumbnail_url"].startswith(f"http://here/media/videos/{ID}/poster?expires=")


def make_match(status: VideoStatus) -> FaceMatch:
    return FaceMatch(
        ID, uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), 50, status, None, BOX, 0.4, 3, None, 0.75, NOW, None
    )


def test_a_match_tells_the_face_it_looks_for_when_it_has_ended() -> None:
    # the worker knows it long before
    open_match = translate.match_to_wire(make_match(VideoStatus.PROCESSING), None, (), 50, 0, LINKS)
    assert open_match.source_face_bounding_box is None
    assert (open_match.data, open_match.appearances, open_match.progress) == (None, None, 0.75)
    row = translate.match_row_to_wire(make_match(VideoStatus.PROCESSING))
    assert (row.source_face_bounding_box, row.match_count) == (None, None)
    row = translate.match_row_to_wire(make_match(VideoStatus.COMPLETED))
    assert row.source_face_bounding_box == translate.box_to_wire(BOX)
    assert (row.match_count, row.progress) == (3, 1.0)


def make_search(*, by_file: bool = True, by_item_count: bool = False) -> FaceSearch:
    status = VideoStatus.COMPLETED
    return FaceSearch(ID, uuid4(), "base64", 10, None, by_file, by_item_count, status, None, len(HITS), 2, NOW)


def hit(file_id: UUID, score: float) -> SearchHit:
    return SearchHit(file_id, ID, uuid4(), uuid4(), 1.0, BOX, score, True)


FEW, MANY = UUID(int=1), UUID(int=2)
HITS = [hit(FEW, 0.9), hit(MANY, 0.8), hit(MANY, 0.7), hit(MANY, 0.6)]


def test_a_search_tells_single_faces() -> None:
    told = translate.search_to_wire(make_search(by_file=False), HITS, LINKS)
    assert [each.score for each in told.results if isinstance(each, wire.FaceSearchResult)] == [90, 80, 70, 60]
    assert (told.total, told.group_by_key, told.group_count) == (4, None, None)


# by how many faces, files in the order of the answer
ORDERS = [(False, [FEW, MANY]), (True, [MANY, FEW])]


@pytest.mark.parametrize(("by_item_count", "order"), ORDERS)
def test_a_search_by_file_tells_groups_and_counts_faces(by_item_count: bool, order: list[UUID]) -> None:
    told = translate.search_to_wire(make_search(by_item_count=by_item_count), HITS, LINKS)
    groups = {each.file_id: each for each in told.results if isinstance(each, wire.FaceGroupResult)}
    assert list(groups) == order
    assert (groups[MANY].item_count, groups[MANY].best_score) == (3, 80)
    assert [each.score for each in groups[MANY].matched_items] == [80, 70, 60]
    assert (told.total, told.group_by_key, told.group_count) == (4, "file", 2)


def test_a_row_of_the_searches_has_numbers_and_empty_results() -> None:
    told = json.loads(answer(translate.search_row_to_wire(make_search())).body)
    assert (told["results"], told["total"], told["group_count"], told["limit"]) == ([], 4, 2, 10)


# --- events -----------------------------------------------------------------------------------------------


def test_the_event_of_a_file_carries_the_file() -> None:
    word, body = file_event(make_file(status=VideoStatus.COMPLETED, info=INFO), FileEvent.COMPLETED, None)
    told = json.loads(body)
    assert word == told["event_type"] == "file.job.completed"
    assert UUID(told["event_id"])
    payload = told["payload"]
    assert payload["file_id"] == str(ID)
    assert payload["uri"] == f"cloudglue://files/{ID}"
    assert (payload["status"], payload["filename"], payload["bytes"]) == ("completed", "a.mp4", 12)
    assert payload["metadata"] == {"who": None}
    assert "collection_id" not in payload


def test_the_event_of_a_member_names_the_collection_and_tells_the_status_there() -> None:
    file = make_file(status=VideoStatus.COMPLETED)
    member = CollectionMember(UUID(int=7), file, None, VideoStatus.FAILED, NOW)
    word, body = file_event(file, FileEvent.FAILED, member)
    payload = json.loads(body)["payload"]
    assert word == "collection.file.job.failed"
    assert (payload["collection_id"], payload["status"]) == (str(UUID(int=7)), "failed")
    assert payload["added_at"] == 1709209815678


def test_every_event_has_an_id_of_its_own() -> None:
    ids = {json.loads(file_event(make_file(), FileEvent.DELETED, None)[1])["event_id"] for _ in range(3)}
    assert len(ids) == 3
