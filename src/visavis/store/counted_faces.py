"""Rows of faces that counted in decisions about two pictures."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Json

from visavis.records import CountedFace
from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all
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
    found = await fetch_all(db, CountedFace, _SQL["of_job"], {"job_id": job_id})
    return {face.job_image_id: face for face in found}
