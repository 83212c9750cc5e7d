"""Keys in the storage, and whose they are."""

from __future__ import annotations

from uuid import UUID

import pytest

from visavis.videos.layout import (
    extraction_prefix,
    face_id,
    file_prefix,
    frame_id,
    original_key,
    owner_of,
    poster_key,
    thumbnail_key,
)

ACME, FILE, FRAMES = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        (original_key(ACME, FILE), (FILE, None)),
        (poster_key(ACME, FILE), (FILE, None)),
        (thumbnail_key(ACME, FILE, FRAMES, 17), (FILE, FRAMES)),
        (f"{file_prefix(ACME, FILE)}/something/later", (FILE, None)),
        (file_prefix(ACME, FILE), None),  # a folder, no blob
        (f"{ACME}/{FILE}/{FRAMES}", None),  # a picture of a job
        (f"videos/{ACME}/no-file/original", None),
        (f"videos/{ACME}/{FILE}/frames/no-extraction/1", None),
        ("videos", None),
        ("", None),
    ],
)
def test_every_key_tells_whose_it_is(key: str, owner: tuple[UUID, UUID | None] | None) -> None:
    assert owner_of(key) == owner


def test_everything_of_a_file_lies_below_it_and_thumbnails_below_their_extraction() -> None:
    thumbnail = thumbnail_key(ACME, FILE, FRAMES, 0)
    for key in (original_key(ACME, FILE), poster_key(ACME, FILE), thumbnail):
        assert key.startswith(f"{file_prefix(ACME, FILE)}/")
    assert thumbnail.startswith(f"{extraction_prefix(ACME, FILE, FRAMES)}/")


def test_who_looks_twice_makes_the_same_frames_and_faces() -> None:
    assert frame_id(FRAMES, 3) == frame_id(FRAMES, 3)
    frames = {frame_id(extraction, number) for extraction in (FRAMES, FILE) for number in range(50)}
    faces = {face_id(FRAMES, number, position) for number in range(50) for position in range(12)}
    assert len(frames) == 100
    assert len(faces) == 600
