"""Rows of frame extractions and their frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import (
    count,
    frame_extraction,
    listing_parameters,
    new,
    one,
    page,
    rows,
    sampling_columns,
)
from visavis.video_records import Frame, FrameExtraction, Listing, Page, Sampling

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A frame that was just looked at. Frames with one ``shown_since_s`` show the same picture."""

    id: UUID
    number: int
    time_s: float
    shown_since_s: float
    thumbnail_key: str | None


async def ensure(
    db: Transaction, *, extraction_id: UUID, organization_id: UUID, file_id: UUID, sampling: Sampling
) -> FrameExtraction:
    """The extraction of a file with this sampling that has not failed; made with the given id if there is none.

    Whoever makes it holds off others who ask for the same until their transaction ends.
    """
    parameters: dict[str, Any] = {
        "id": extraction_id,
        "organization_id": organization_id,
        "file_id": file_id,
        **sampling_columns(sampling),
    }
    await db.execute(_SQL["add"], parameters)
    return await new(db, frame_extraction, _SQL["same"], parameters)


async def get(db: Transaction, organization_id: UUID, extraction_id: UUID) -> FrameExtraction | None:
    """One extraction of an organisation."""
    return await one(db, frame_extraction, _SQL["get"], {"organization_id": organization_id, "id": extraction_id})


async def find(db: Transaction, extraction_id: UUID) -> FrameExtraction | None:
    """One extraction. For workers, which serve every organisation."""
    return await one(db, frame_extraction, _SQL["find"], {"id": extraction_id})


async def lock(db: Transaction, extraction_id: UUID) -> FrameExtraction | None:
    """One extraction, held until this transaction ends. For workers, which serve every organisation."""
    # Read once it is held: a statement that has to wait tells what there was before.
    await db.execute(_SQL["hold"], {"id": extraction_id})
    return await find(db, extraction_id)


async def of_file(db: Transaction, organization_id: UUID, file_id: UUID, listing: Listing) -> Page[FrameExtraction]:
    """The extractions of a file, newest first."""
    parameters = {"organization_id": organization_id, "file_id": file_id, **listing_parameters(listing)}
    statement = newest_or_oldest(_SQL["of_file"], ascending=listing.ascending)
    return await page(db, rows(db, frame_extraction, statement, parameters), _SQL["of_file_total"], parameters)


async def waiting(db: Transaction, file_id: UUID) -> list[FrameExtraction]:
    """Extractions of a file that wait for it."""
    return await rows(db, frame_extraction, _SQL["waiting"], {"file_id": file_id})


async def begin(db: Transaction, extraction_id: UUID) -> None:
    """Its work units are in the queue."""
    await db.execute(_SQL["begin"], {"id": extraction_id})


async def complete(db: Transaction, extraction_id: UUID) -> None:
    """All its work units have ended."""
    await db.execute(_SQL["complete"], {"id": extraction_id})


async def fail(db: Transaction, extraction_id: UUID, failure: str) -> None:
    """There will be no frames."""
    await db.execute(_SQL["fail"], {"id": extraction_id, "failure": failure})


async def remove(db: Transaction, extraction_id: UUID) -> None:
    """Erase an extraction and its frames."""
    await db.execute(_SQL["remove"], {"id": extraction_id})


async def existing(db: Transaction, extraction_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some ids that are extractions."""
    cursor = await db.execute(_SQL["existing"], {"ids": list(extraction_ids)})
    return {row[0] async for row in cursor}


async def add_frames(db: Transaction, extraction_id: UUID, frames: Sequence[NewFrame]) -> None:
    """Store frames. Those that are there already get the thumbnail that they lacked."""
    told = [
        {
            "id": str(frame.id),
            "number": frame.number,
            "time_s": frame.time_s,
            "shown_since_s": frame.shown_since_s,
            "thumbnail_key": frame.thumbnail_key,
        }
        for frame in frames
    ]
    await db.execute(_SQL["add_frames"], {"extraction_id": extraction_id, "frames": Json(told)})


async def frames(db: Transaction, extraction_id: UUID, *, limit: int, offset: int) -> Page[Frame]:
    """Frames of an extraction, by time."""
    parameters = {"extraction_id": extraction_id, "limit": limit, "offset": offset}
    found = await rows(db, lambda row: Frame(**row), _SQL["frames"], parameters)
    return Page(found, await count(db, _SQL["frames_total"], parameters))


async def thumbnail_key(db: Transaction, frame_id: UUID) -> str | None:
    """Where the thumbnail of a frame lies; None when there is none, or no such frame. For signed addresses."""
    cursor = await db.execute(_SQL["thumbnail_key"], {"id": frame_id})
    row = await cursor.fetchone()
    return row[0] if row else None
