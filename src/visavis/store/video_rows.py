"""Rows about videos as records: columns that belong together become one noun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, LiteralString, TypeVar

from psycopg.rows import dict_row
from psycopg.types.json import Json

from visavis.records import Box
from visavis.store.boxes import pop_box
from visavis.store.database import Transaction
from visavis.video_records import (
    Coverage,
    Criterion,
    FaceDetection,
    FaceMatch,
    FrameExtraction,
    Listing,
    Page,
    Sampling,
    VideoFile,
    VideoInfo,
    VideoSource,
    VideoStatus,
)

Record = TypeVar("Record")
Maker = Callable[[dict[str, Any]], Record]

SAMPLING_COLUMNS = tuple(field.name for field in fields(Sampling))
INFO_COLUMNS = tuple(field.name for field in fields(VideoInfo))
COVERAGE_COLUMNS = tuple(field.name for field in fields(Coverage))


async def rows(
    db: Transaction, make: Maker[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> list[Record]:
    """All rows of a statement, each made into a record."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        return [make(row) async for row in cursor]


async def one(
    db: Transaction, make: Maker[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record | None:
    """The first row of a statement, or None."""
    found = await rows(db, make, statement, parameters)
    return found[0] if found else None


async def new(db: Transaction, make: Maker[Record], statement: LiteralString, parameters: Mapping[str, Any]) -> Record:
    """The row of a statement that reads or returns what was just made."""
    found = await one(db, make, statement, parameters)
    if found is None:
        raise RuntimeError("what was just made is not there")
    return found


async def count(db: Transaction, statement: LiteralString, parameters: Mapping[str, Any]) -> int:
    """The number that a statement gives."""
    cursor = await db.execute(statement, parameters)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def page(
    db: Transaction,
    found: Awaitable[list[Record]],
    total: LiteralString,
    parameters: Mapping[str, Any],
) -> Page[Record]:
    """Some rows of a list with the list's length, counted by a statement of its own."""
    return Page(await found, await count(db, total, parameters))


def listing_parameters(listing: Listing) -> dict[str, Any]:
    """A listing as parameters of the statements that share its filters."""
    return {
        "limit": listing.limit,
        "offset": listing.offset,
        "status": listing.status,
        "after": listing.after,
        "before": listing.before,
        "criteria": criteria_json(listing.criteria),
    }


def criteria_json(criteria: tuple[Criterion, ...]) -> Json:
    """Criteria as the statements read them."""
    return Json([asdict(each) for each in criteria])


def sampling_columns(sampling: Sampling) -> dict[str, Any]:
    """The columns of a sampling."""
    return {name: getattr(sampling, name) for name in SAMPLING_COLUMNS}


def pop_sampling(row: dict[str, Any]) -> Sampling:
    """Take the columns out of a row; the sampling they make."""
    return Sampling(**{name: row.pop(name) for name in SAMPLING_COLUMNS})


def pop_coverage(row: dict[str, Any]) -> Coverage | None:
    """Take the columns out of a row; the coverage they make, if there is one."""
    values = {name: row.pop(name) for name in COVERAGE_COLUMNS}
    return None if values["frames_looked_at"] is None else Coverage(**values)


def required_box(row: dict[str, Any]) -> Box:
    """Take the columns of a box, which is there, out of a row."""
    box = pop_box(row)
    if box is None:
        raise RuntimeError("a face without a box")
    return box


def video_file(row: dict[str, Any]) -> VideoFile:
    """A row of video_file."""
    values = {name: row.pop(name) for name in INFO_COLUMNS}
    row.pop("seek_points_s", None)
    row["info"] = None if values["duration_s"] is None else VideoInfo(**values)
    row["source"], row["status"] = VideoSource(row["source"]), VideoStatus(row["status"])
    return VideoFile(**row)


def frame_extraction(row: dict[str, Any]) -> FrameExtraction:
    """A row of frame_extraction with its progress."""
    return FrameExtraction(sampling=pop_sampling(row), status=VideoStatus(row.pop("status")), **row)


def face_detection(row: dict[str, Any]) -> FaceDetection:
    """A row of face_detection with its progress."""
    return FaceDetection(coverage=pop_coverage(row), status=VideoStatus(row.pop("status")), **row)


def face_match(row: dict[str, Any]) -> FaceMatch:
    """A row of face_match with its progress."""
    coverage, source_box = pop_coverage(row), pop_box(row)
    return FaceMatch(coverage=coverage, source_box=source_box, status=VideoStatus(row.pop("status")), **row)
