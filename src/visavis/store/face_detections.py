"""Rows of face detections and the faces they have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pgvector import Vector
from psycopg.types.json import Json

from visavis.records import Box, FloatArray
from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import count, face_detection, listing_parameters, new, one, page, required_box, rows
from visavis.video_records import FaceDetection, Listing, NewVideoFace, Page, VideoFace

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class NearFace:
    """A face of a video beside a person; ``similarity`` is the cosine."""

    id: UUID
    detection_id: UUID
    file_id: UUID
    frame_id: UUID
    time_s: float
    box: Box
    similarity: float


@dataclass(frozen=True, slots=True)
class NearTrack:
    """Faces without a break beside a person; ``best_*`` are of the most alike one."""

    start_s: float
    end_s: float
    face_count: int
    best_frame_id: UUID
    best_time_s: float
    best_box: Box
    best_similarity: float


async def add(
    db: Transaction, *, detection_id: UUID, organization_id: UUID, file_id: UUID, extraction_id: UUID
) -> FaceDetection:
    """Store a detection that waits for its file."""
    parameters = {
        "id": detection_id,
        "organization_id": organization_id,
        "file_id": file_id,
        "extraction_id": extraction_id,
    }
    await db.execute(_SQL["add"], parameters)
    return await new(db, face_detection, _SQL["get"], parameters)


async def get(db: Transaction, organization_id: UUID, detection_id: UUID) -> FaceDetection | None:
    """One detection of an organisation."""
    return await one(db, face_detection, _SQL["get"], {"organization_id": organization_id, "id": detection_id})


async def lock(db: Transaction, detection_id: UUID) -> FaceDetection | None:
    """One detection, held until this transaction ends. For workers, which serve every organisation."""
    # Read once it is held: a statement that has to wait tells what there was before.
    await db.execute(_SQL["hold"], {"id": detection_id})
    return await one(db, face_detection, _SQL["find"], {"id": detection_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[FaceDetection]:
    """Detections of an organisation, newest first."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = newest_or_oldest(_SQL["search_newest"], ascending=listing.ascending)
    return await page(db, rows(db, face_detection, statement, parameters), _SQL["total"], parameters)


async def waiting(db: Transaction, extraction_id: UUID) -> list[FaceDetection]:
    """Detections over an extraction that have not begun."""
    return await rows(db, face_detection, _SQL["waiting"], {"extraction_id": extraction_id})


async def unfinished(db: Transaction, extraction_id: UUID) -> list[FaceDetection]:
    """Detections over an extraction that have not ended."""
    return await rows(db, face_detection, _SQL["unfinished"], {"extraction_id": extraction_id})


async def begin(db: Transaction, detection_id: UUID) -> None:
    """Its work units are in the queue."""
    await db.execute(_SQL["begin"], {"id": detection_id})


async def complete(db: Transaction, detection_id: UUID, *, start_s: float, end_s: float, wanted_frames: int) -> None:
    """All its work units have ended.

    Args:
        start_s, end_s: the window that was looked at.
        wanted_frames: how many frames the sampling asks for.
    """
    await db.execute(
        _SQL["complete"],
        {"id": detection_id, "start_s": start_s, "end_s": end_s, "wanted_frames": wanted_frames},
    )


async def fail(db: Transaction, detection_id: UUID, failure: str) -> None:
    """There will be no faces."""
    await db.execute(_SQL["fail"], {"id": detection_id, "failure": failure})


async def remove(db: Transaction, detection_id: UUID) -> None:
    """Erase a detection and its faces."""
    await db.execute(_SQL["remove"], {"id": detection_id})


async def add_faces(db: Transaction, detection_id: UUID, model_id: str, faces: Sequence[NewVideoFace]) -> None:
    """Store faces; those that are there already stay as they are."""
    told = [
        {
            "id": str(face.id),
            "frame_id": str(face.frame_id),
            "time_s": face.time_s,
            "detection_score": face.detection_score,
            "track": face.track,
            **box_columns(face.box),
        }
        for face in faces
    ]
    await db.execute(
        _SQL["add_faces"],
        {
            "detection_id": detection_id,
            "model_id": model_id,
            "faces": Json(told),
            "ids": [face.id for face in faces],
            "embeddings": [Vector(face.embedding) for face in faces],
        },
    )


async def faces(db: Transaction, detection_id: UUID, *, limit: int, offset: int) -> Page[VideoFace]:
    """Faces of a detection, by time, then from left to right."""
    parameters = {"detection_id": detection_id, "limit": limit, "offset": offset}
    found = await rows(db, lambda row: VideoFace(box=required_box(row), **row), _SQL["faces"], parameters)
    return Page(found, await count(db, _SQL["faces_total"], parameters))


async def track_count(db: Transaction, detection_ids: Sequence[UUID]) -> int:
    """How many chances to be wrong there are in some detections: people without a break."""
    return await count(db, _SQL["track_count"], {"ids": list(detection_ids)})


async def other_models(db: Transaction, detection_ids: Sequence[UUID], model_id: str) -> bool:
    """Whether any of the faces was described by another model, so that it does not compare."""
    return await count(db, _SQL["other_models"], {"ids": list(detection_ids), "model_id": model_id}) > 0


async def nearest(
    db: Transaction,
    detection_ids: Sequence[UUID],
    embedding: FloatArray,
    *,
    limit: int,
    min_similarity: float = -1.0,
) -> list[NearFace]:
    """The faces of some detections that are most alike a person, best first.

    Args:
        embedding: (D,) by the model that has described them.
    """
    parameters = {
        "ids": list(detection_ids),
        "embedding": Vector(embedding),
        "limit": limit,
        "least": min_similarity - 1e-9,  # a cosine that was rounded on its way
    }
    return await rows(db, lambda row: NearFace(box=required_box(row), **row), _SQL["nearest"], parameters)


async def near_tracks(
    db: Transaction, detection_id: UUID, embedding: FloatArray, *, threshold: float
) -> list[NearTrack]:
    """The tracks of a detection with a face at least so alike a person, by time.

    Args:
        embedding: (D,) by the model that has described them.
    """

    def make(row: dict[str, Any]) -> NearTrack:
        return NearTrack(best_box=required_box(row), **row)

    parameters = {"id": detection_id, "embedding": Vector(embedding), "threshold": threshold}
    return await rows(db, make, _SQL["tracks"], parameters)


async def interval_s(db: Transaction, detection_id: UUID) -> float:
    """The time between two frames of a completed detection."""
    cursor = await db.execute(_SQL["interval"], {"id": detection_id})
    row = await cursor.fetchone()
    if row is None or row[0] is None:
        raise RuntimeError("the detection has not been completed")
    return float(row[0])
