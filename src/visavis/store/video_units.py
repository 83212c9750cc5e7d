"""Rows of work units: some seconds of a video that one worker takes at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from visavis.store.database import Transaction
from visavis.store.rows import fetch_new, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """Frames of an extraction from ``first_number`` to ``end_number``, exclusive.

    ``detection_id``: whose faces are to be found in them. ``makes_frames``: the extraction waits for them.
    """

    id: UUID
    extraction_id: UUID
    detection_id: UUID | None
    makes_frames: bool
    position: int
    first_number: int
    end_number: int
    status: str


async def add(
    db: Transaction,
    extraction_id: UUID,
    *,
    detection_id: UUID | None,
    makes_frames: bool,
    ranges: Sequence[tuple[int, int]],
) -> list[tuple[UUID, int]]:
    """Store units for ranges of frames; their ids and positions."""
    ids = [uuid4() for _ in ranges]
    await db.execute(
        _SQL["add"],
        {
            "extraction_id": extraction_id,
            "detection_id": detection_id,
            "makes_frames": makes_frames,
            "ids": ids,
            "positions": list(range(len(ranges))),
            "firsts": [first for first, _ in ranges],
            "ends": [end for _, end in ranges],
        },
    )
    return list(zip(ids, range(len(ranges)), strict=True))


async def get(db: Transaction, unit_id: UUID) -> VideoUnit | None:
    """One unit. For workers, which serve every organisation."""
    return await fetch_one(db, VideoUnit, _SQL["get"], {"id": unit_id})


async def end(db: Transaction, unit_id: UUID, *, failed: bool) -> VideoUnit | None:
    """A unit has ended; None when it had before, or was erased."""
    return await fetch_one(db, VideoUnit, _SQL["end"], {"id": unit_id, "status": "failed" if failed else "done"})


@dataclass(frozen=True, slots=True)
class Tally:
    """How far units that belong together are."""

    open: int
    done: int


async def of_extraction(db: Transaction, extraction_id: UUID) -> Tally:
    """The units that an extraction waits for."""
    return await fetch_new(db, Tally, _SQL["of_extraction"], {"id": extraction_id})


async def of_detection(db: Transaction, detection_id: UUID) -> Tally:
    """The units that a detection waits for."""
    return await fetch_new(db, Tally, _SQL["of_detection"], {"id": detection_id})
