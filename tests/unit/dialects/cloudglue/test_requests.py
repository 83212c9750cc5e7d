"""What clients say, in our words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.dialects.body import parse_json
from visavis.dialects.cloudglue import requests, translate
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.addresses import video_from_wire
from visavis.errors import InvalidRequest
from visavis.video_records import Sampling

ID = UUID("9a7c1a40-0000-4000-8000-000000000001")


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
    assert requests.id_from_wire(text) == (ID if known else None)


def test_an_id_with_a_zero_character_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        requests.id_from_wire("a\x00b")


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert requests.day_from_wire("2024-02-29", "f") == datetime(2024, 2, 29, tzinfo=UTC)
    assert requests.day_from_wire(None, "f") is None


@pytest.mark.parametrize(
    "text", ["", "2023-02-29", "2024-2-9", "20240229", "2024-02-29T00:00:00", "2024-W09-4", "today", "２０２４-02-29"]
)
def test_anything_else_is_no_day(text: str) -> None:
    with pytest.raises(InvalidRequest, match="created_after"):
        requests.day_from_wire(text, "created_after")


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
    assert requests.instant_from_wire(text, "f") == instant


@pytest.mark.parametrize("text", ["", "soon", "1709209815", "0001-01-01T00:00:00+14:00", "2024-02-30T00:00:00Z"])
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(InvalidRequest, match="created_before"):
        requests.instant_from_wire(text, "created_before")


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
    assert requests.filename_from_wire(sent) == kept


@given(st.text())
def test_no_filename_is_a_path_or_too_long(text: str) -> None:
    kept = requests.filename_from_wire(text)
    assert 0 < len(kept) <= 255
    assert not {"/", "\\", "\x00"} & set(kept)
    assert requests.filename_from_wire(kept) == kept


# --- frames -----------------------------------------------------------------------------------------------


def test_what_is_not_said_of_frames_is_as_the_vendor_has_it() -> None:
    bare = parse_json('{"strategy": "uniform"}', wire.FrameExtractionConfig)
    assert requests.sampling_from_wire(bare) == requests.sampling_from_wire(None) == Sampling(1.0, 1024)
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
    sampling = requests.sampling_from_wire(parse_json(text, wire.FrameExtractionConfig))
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
        requests.sampling_from_wire(parse_json(json.dumps(config), wire.FrameExtractionConfig))


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
