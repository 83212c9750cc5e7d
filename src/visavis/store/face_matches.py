"""Rows of face matches: where a person is in a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from pgvector import Vector
from psycopg.rows import dict_row
from psycopg.types.json import Json

from visavis.records import Box, FloatArray
from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import count, face_match, listing_parameters, new, one, page, required_box, rows
from visavis.video_records import Appearance, FaceMatch, Listing, MatchedFace, Page

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True, eq=False)
class OpenMatch:
    """A match that is not decided, as a worker needs it. ``embedding``: (D,), once the picture is described."""

    id: UUID
    file_id: UUID
    detection_id: UUID
    max_faces: int
    false_match_rate: float
    source_url: str | None
    source_data: bytes | None = field(repr=False)
    model_id: str | None
    embedding: FloatArray | None


async def add(
    db: Transaction,
    *,
    match_id: UUID,
    organization_id: UUID,
    application_id: UUID,
    file_id: UUID,
    extraction_id: UUID,
    detection_id: UUID,
    max_faces: int,
    source_url: str | None,
    source_data: bytes | None,
) -> FaceMatch:
    """Store a match that is to be decided, at the organisation's operating point."""
    parameters = {
        "id": match_id,
        "organization_id": organization_id,
        "application_id": application_id,
        "file_id": file_id,
        "extraction_id": extraction_id,
        "detection_id": detection_id,
        "max_faces": max_faces,
        "source_url": source_url,
        "source_data": source_data,
    }
    await db.execute(_SQL["add"], parameters)
    return await new(db, face_match, _SQL["get"], parameters)


async def get(db: Transaction, organization_id: UUID, match_id: UUID) -> FaceMatch | None:
    """One match of an organisation."""
    return await one(db, face_match, _SQL["get"], {"organization_id": organization_id, "id": match_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[FaceMatch]:
    """Matches of an organisation, newest first."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = newest_or_oldest(_SQL["search_newest"], ascending=listing.ascending)
    return await page(db, rows(db, face_match, statement, parameters), _SQL["total"], parameters)


async def lock_open(db: Transaction, match_id: UUID) -> OpenMatch | None:
    """A match that has not ended, held until this transaction ends; None when it has, or was erased."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["lock_open"], {"id": match_id})
        row: dict[str, Any] | None = await cursor.fetchone()
    if row is None:
        return None
    embedding = row.pop("embedding")
    return OpenMatch(
        embedding=None if embedding is None else np.array(embedding.to_numpy(), np.float32),
        **row,
    )


async def detection_of(db: Transaction, match_id: UUID) -> UUID | None:
    """The detection that a match waits for; None when the match has ended, or was erased."""
    cursor = await db.execute(_SQL["detection_of"], {"id": match_id})
    row = await cursor.fetchone()
    return row[0] if row else None


async def described(db: Transaction, match_id: UUID, *, box: Box, model_id: str, embedding: FloatArray) -> None:
    """The face that is looked for; the picture is not needed any more."""
    await db.execute(
        _SQL["described"],
        {"id": match_id, "model_id": model_id, "embedding": Vector(embedding), **box_columns(box)},
    )


async def waiting(db: Transaction, detection_id: UUID) -> list[UUID]:
    """Matches that wait for a detection."""
    cursor = await db.execute(_SQL["waiting"], {"detection_id": detection_id})
    return [row[0] async for row in cursor]


async def fail(db: Transaction, match_id: UUID, failure: str) -> None:
    """A match cannot be decided."""
    await db.execute(_SQL["fail"], {"id": match_id, "failure": failure})


async def add_faces(db: Transaction, match_id: UUID, faces: Sequence[MatchedFace]) -> None:
    """Keep faces beside the person, best first."""
    told = [
        {
            "rank": rank,
            "id": str(face.id),
            "frame_id": str(face.frame_id),
            "time_s": face.time_s,
            "similarity": face.similarity,
            "score": face.score,
            **box_columns(face.box),
        }
        for rank, face in enumerate(faces)
    ]
    await db.execute(_SQL["add_faces"], {"id": match_id, "faces": Json(told)})


async def add_appearances(db: Transaction, match_id: UUID, appearances: Sequence[Appearance]) -> None:
    """Keep when the person is on screen."""
    told = [
        {
            "id": str(each.id),
            "start_s": each.start_s,
            "end_s": each.end_s,
            "face_count": each.face_count,
            "best_frame_id": str(each.best_frame_id),
            "best_time_s": each.best_time_s,
            "best_score": each.best_score,
            **box_columns(each.best_box),
        }
        for each in appearances
    ]
    await db.execute(_SQL["add_appearances"], {"id": match_id, "appearances": Json(told)})


async def complete(db: Transaction, match_id: UUID, threshold: float) -> None:
    """A match is decided; what described the person is gone when the transaction commits."""
    await db.execute(_SQL["complete"], {"id": match_id, "threshold": threshold})


async def remove(db: Transaction, match_id: UUID) -> None:
    """Erase a match."""
    await db.execute(_SQL["remove"], {"id": match_id})


async def faces(db: Transaction, match_id: UUID, *, limit: int, offset: int) -> Page[MatchedFace]:
    """Faces of a match, best first."""
    parameters = {"id": match_id, "limit": limit, "offset": offset}
    found = await rows(db, lambda row: MatchedFace(box=required_box(row), **row), _SQL["faces"], parameters)
    return Page(found, await count(db, _SQL["faces_total"], parameters))


async def appearances(db: Transaction, match_id: UUID) -> list[Appearance]:
    """When the person is on screen."""

    def make(row: dict[str, Any]) -> Appearance:
        return Appearance(best_box=required_box(row), **row)

    return await rows(db, make, _SQL["appearances"], {"id": match_id})
