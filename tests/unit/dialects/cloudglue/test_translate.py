"""Between the wire's words and ours."""

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
from visavis.dialects.cloudglue.addresses import video_from_wire
from visavis.dialects.cloudglue.body import parse_json
from visavis.dialects.cloudglue.endpoints.context import answer
from visavis.dialects.cloudglue.events import file_event
from visavis.dialects.cloudglue.links import Links
from visavis.errors import InvalidRequest
from visavis.records import Box
from visavis.video_records import (
    CollectionMember,
    FaceMatch,
    FaceSearch,
    FileEvent,
    Sampling,
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


# --- ids, days, instants ----------------------------------------------------------------------------------


# text in a path, whether it can be an id of ours
IDS = [
    (str(ID), True),
    (str(ID).upper(), True),
    (ID.hex, False),  # spellings that nobody was given
    (f"{{{ID}}}", False),
    (f"urn:uuid:{ID}", False),
    ("", False),
    ("file_123", False),
]


@pytest.mark.parametrize(("text", "known"), IDS)
def test_an_id_is_a_uuid_as_it_was_handed_out(text: str, known: bool) -> None:
    assert translate.id_from_wire(text) == (ID if known else None)


def test_an_id_with_a_zero_character_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        translate.id_from_wire("a\x00b")


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert translate.day_from_wire("2024-02-29", "f") == datetime(2024, 2, 29, tzinfo=UTC)
    assert translate.day_from_wire(None, "f") is None


@pytest.mark.parametrize(
    "text", ["", "2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00:00", "2024-W09-4", "today", "２０２４-02-29"]
)
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(InvalidRequest, match="created_after"):
        translate.day_from_wire(text, "created_after")


# text, the instant
INSTANTS = [
    ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("2024-02-29T12:00:00.250Z", datetime(2024, 2, 29, 12, 0, 0, 250_000, UTC)),  # JavaScript
    ("2024-02-29T14:00:00+02:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("2024-02-29T12:00:00.000000+0000", datetime(2024, 2, 29, 12, tzinfo=UTC)),  # the Python client
    ("2024-02-29T12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
]


@pytest.mark.parametrize(("text", "instant"), INSTANTS)
def test_an_instant_is_iso_8601(text: str, instant: datetime) -> None:
    assert translate.instant_from_wire(text, "f") == instant


@pytest.mark.parametrize("text", ["", "soon", "1709209815", "0001-01-01T00:00:00+14:00", "2024-02-30T00:00:00Z"])
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(InvalidRequest, match="created_before"):
        translate.instant_from_wire(text, "created_before")


# --- names ------------------------------------------------------------------------------------------------

# as it was sent, as it is kept
FILENAMES = [
    ("a.mp4", "a.mp4"),
    ("Fête été.mp4", "Fête été.mp4"),
    ("/etc/passwd", "passwd"),
    ("..\\..\\a.mp4", "a.mp4"),
    ("C:\\films\\a.mp4", "a.mp4"),
    ("../..", "video"),
    ("", "video"),
    ("a/", "video"),
    ("a\x00b\r\n.mp4", "ab.mp4"),
    (" a.mp4 ", "a.mp4"),
    ("x" * 300 + ".mp4", "x" * 251 + ".mp4"),
    ("x" * 300, "x" * 255),
    ("a." + "x" * 300, "a." + "x" * 253),
]


@pytest.mark.parametrize(("sent", "kept"), FILENAMES)
def test_a_filename_is_a_name_and_nothing_else(sent: str, kept: str) -> None:
    assert translate.filename_from_wire(sent) == kept


@given(st.text())
def test_no_filename_is_a_path_or_too_long(text: str) -> None:
    kept = translate.filename_from_wire(text)
    assert 0 < len(kept) <= 255
    assert not {"/", "\\", "\x00"} & set(kept)
    assert translate.filename_from_wire(kept) == kept


# --- frames -----------------------------------------------------------------------------------------------


def test_what_is_not_said_of_frames_is_as_the_vendor_has_it() -> None:
    bare = parse_json('{"strategy": "uniform"}', wire.FrameExtractionConfig)
    assert translate.sampling_from_wire(bare) == translate.sampling_from_wire(None) == Sampling(1.0, 1024)
    assert json.loads(translate.sampling_to_wire(Sampling()).model_dump_json(exclude_none=True)) == {
        "strategy": "uniform",
        "uniform_config": {"frames_per_second": 1.0, "max_width": 1024},
        "thumbnails_config": {"enable_frame_thumbnails": True},
    }


def test_what_is_said_of_frames_is_heard() -> None:
    text = json.dumps(
        {
            "strategy": "uniform",
            "uniform_config": {"frames_per_second": 2, "max_width": 640.5, "unknown": 1},
            "thumbnails_config": {"enable_frame_thumbnails": False},
            "start_time_seconds": 1,
            "end_time_seconds": 2.5,
        }
    )
    sampling = translate.sampling_from_wire(parse_json(text, wire.FrameExtractionConfig))
    assert sampling == Sampling(2.0, 640, 1.0, 2.5, keeps_thumbnails=False)


# a configuration that is wrong, the field that is told
WRONG_FRAMES = [
    ({}, "strategy"),
    ({"strategy": "shots"}, "strategy"),
    ({"strategy": None}, "strategy"),
    ({"strategy": "uniform", "uniform_config": {"frames_per_second": 0.09}}, "frames_per_second"),
    ({"strategy": "uniform", "uniform_config": {"frames_per_second": 31}}, "frames_per_second"),
    ({"strategy": "uniform", "uniform_config": {"frames_per_second": "2"}}, "frames_per_second"),
    ({"strategy": "uniform", "uniform_config": {"frames_per_second": True}}, "frames_per_second"),
    ({"strategy": "uniform", "uniform_config": {"frames_per_second": float("nan")}}, "frames_per_second"),
    ({"strategy": "uniform", "uniform_config": {"max_width": 63}}, "max_width"),
    ({"strategy": "uniform", "uniform_config": {"max_width": 4097}}, "max_width"),
    ({"strategy": "uniform", "uniform_config": []}, "uniform_config"),
    ({"strategy": "uniform", "thumbnails_config": {"enable_frame_thumbnails": 1}}, "enable_frame_thumbnails"),
    ({"strategy": "uniform", "start_time_seconds": -1}, "start_time_seconds"),
    ({"strategy": "uniform", "end_time_seconds": float("inf")}, "end_time_seconds"),
    ({"strategy": "uniform", "start_time_seconds": 2, "end_time_seconds": 1}, "end_time_seconds"),
    ({"strategy": "uniform", "start_time_seconds": 2, "end_time_seconds": 2}, "end_time_seconds"),
    ({"strategy": "uniform", "end_time_seconds": 0}, "end_time_seconds"),
]


@pytest.mark.parametrize(("config", "field"), WRONG_FRAMES)
def test_wrong_frames_are_refused_by_field(config: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest, match=field):
        translate.sampling_from_wire(parse_json(json.dumps(config), wire.FrameExtractionConfig))


# --- addresses --------------------------------------------------------------------------------------------


def test_a_video_is_a_file_of_ours_or_on_the_web() -> None:
    assert video_from_wire(f"cloudglue://files/{ID}", "url") == ID
    assert video_from_wire("https://example.com/a.mp4", "url") == "https://example.com/a.mp4"


@pytest.mark.parametrize(
    "address",
    [
        "cloudglue://files/",
        "cloudglue://files/abc",
        f"cloudglue://collections/{ID}",
        f"cloudglue:{ID}",
        "s3://bucket/a.mp4",
        "gdrive://file/1",
        "ftp://example.com/a.mp4",
        "file:///etc/passwd",
        "http://",
        "https://[",
        "a.mp4",
        "",
        str(ID),
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidRequest, match="target_video_url"):
        video_from_wire(address, "target_video_url")


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
    return FaceSearch(ID, uuid4(), "base64", 10, None, by_file, by_item_count, VideoStatus.COMPLETED, None, NOW)


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
    told = json.loads(answer(translate.search_row_to_wire(make_search(), HITS)).body)
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
