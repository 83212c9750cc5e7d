"""Rows of faces that are compared within their job, kept until the job is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from pgvector import Vector
from psycopg.rows import dict_row
from psycopg.types.json import Json

from visavis.records import Box, ProbeFace
from visavis.store.boxes import COLUMNS, box_columns
from visavis.store.database import Transaction
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def add(db: Transaction, job_id: UUID, faces: Sequence[ProbeFace]) -> None:
    """Keep faces until their job is decided."""
    rows = [
        {
            "id": str(face.id),
            "job_image_id": str(face.job_image_id),
            "detection_score": face.detection_score,
            "sharpness": face.sharpness,
            "is_frontal": face.is_frontal,
            "model_id": face.model_id,
            **box_columns(face.box),
        }
        for face in faces
    ]
    await db.execute(
        _SQL["add"],
        {
            "job_id": job_id,
            "faces": Json(rows),
            "ids": [face.id for face in faces],
            "embeddings": [Vector(face.embedding) for face in faces],
        },
    )


async def take(db: Transaction, job_id: UUID) -> dict[UUID, list[ProbeFace]]:
    """The faces of a job by picture, of each the best detection first; they are gone when this transaction commits."""
    found: dict[UUID, list[ProbeFace]] = defaultdict(list)
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["of_job"], {"job_id": job_id})
        async for row in cursor:
            box = Box(*(row.pop(name) for name in COLUMNS))
            embedding = np.array(row.pop("embedding").to_numpy(), np.float32)
            face = ProbeFace(box=box, embedding=embedding, **row)
            found[face.job_image_id].append(face)
    await db.execute(_SQL["remove"], {"job_id": job_id})
    return found
