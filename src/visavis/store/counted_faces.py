"""Rows of faces that counted in decisions about two pictures."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Json

from visavis.records import Box, CountedFace
from visavis.store.boxes import COLUMNS, box_columns
from visavis.store.database import Transaction
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def add(db: Transaction, job_id: UUID, faces: Sequence[CountedFace]) -> None:
    """Store the faces that counted, one a picture at most."""
    rows = [
        {
            "job_image_id": str(face.job_image_id),
            "detection_score": face.detection_score,
            "sharpness": face.sharpness,
            "is_frontal": face.is_frontal,
            "face_count": face.face_count,
            **box_columns(face.box),
        }
        for face in faces
    ]
    await db.execute(_SQL["add"], {"job_id": job_id, "faces": Json(rows)})


async def of_job(db: Transaction, job_id: UUID) -> dict[UUID, CountedFace]:
    """The faces that counted in a job, by picture."""
    found: dict[UUID, CountedFace] = {}
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["of_job"], {"job_id": job_id})
        async for row in cursor:
            box = Box(*(row.pop(name) for name in COLUMNS))
            face = CountedFace(box=box, **row)
            found[face.job_image_id] = face
    return found
