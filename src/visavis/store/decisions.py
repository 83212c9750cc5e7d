"""Rows of what jobs say of their pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from visavis.records import Decision
from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def add(db: Transaction, job_id: UUID, decisions: Sequence[Decision]) -> None:
    """Store what a job says of its pictures."""
    await db.execute(_SQL["add"], {"job_id": job_id, "decisions": Json([_row(each) for each in decisions])})


async def of_jobs(db: Transaction, job_ids: Iterable[UUID]) -> dict[UUID, list[Decision]]:
    """What some jobs say of their pictures: picture -> one decision a thing that was asked, in that order.

    The caller has found the jobs through their organisation.
    """
    found: dict[UUID, list[Decision]] = defaultdict(list)
    for decision in await fetch_all(db, Decision, _SQL["of_jobs"], {"job_ids": list(job_ids)}):
        found[decision.job_image_id].append(decision)
    return found


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "job_image_id": str(decision.job_image_id),
        "position": decision.position,
        "object_class": decision.object_class,
        "verdict": decision.verdict,
        "similarity": decision.similarity,
        "threshold": decision.threshold,
        "score": decision.score,
        "face_count": decision.face_count,
        "model_id": decision.model_id,
        **box_columns(decision.box),
    }
