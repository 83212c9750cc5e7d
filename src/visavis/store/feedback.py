"""Rows of what clients say of decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from visavis.records import Feedback, FeedbackCode, SaidOfClass
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, record_row
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)

MAX_FOUND = 100


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a code was said, of a class each time, and how often there was a decision to speak of."""

    code: FeedbackCode
    said: int
    of_a_decision: int


@dataclass(frozen=True, slots=True)
class ReviewedDecision:
    """A decision, and whether clients say that it was wrong: perhaps in both ways, for they may contradict each other.

    ``has_no_examples``: the job has pictures that show what is not looked for.
    """

    is_comparison: bool
    has_no_examples: bool
    verdict: bool
    similarity: float | None
    threshold: float
    score: float | None
    face_count: int
    model_id: str
    false_positive: bool
    false_negative: bool


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    job_id: UUID
    said_at: datetime
    created_at: datetime
    object_classes: list[str]
    codes: list[str]


async def add(
    db: Transaction,
    *,
    feedback_id: UUID,
    organization_id: UUID,
    application_id: UUID,
    job_id: UUID,
    classes: Sequence[SaidOfClass],
    said_at: datetime,
) -> bool:
    """Keep feedback, each class with a copy of the decision that it speaks of, as it is in force now.

    Returns:
        False when the organisation has no such job; nothing is kept then.
    """
    cursor = await db.execute(
        _SQL["add"],
        {
            "id": feedback_id,
            "organization_id": organization_id,
            "application_id": application_id,
            "job_id": job_id,
            "said_at": said_at,
        },
    )
    if await cursor.fetchone() is None:
        return False
    await db.execute(
        _SQL["add_classes"],
        {
            "feedback_id": feedback_id,
            "job_id": job_id,
            "object_classes": [said.object_class for said in classes],
            "codes": [str(said.code) for said in classes],
        },
    )
    return True


async def get(db: Transaction, organization_id: UUID, feedback_id: UUID) -> Feedback | None:
    """One feedback of an organisation."""
    found = await _fetch(db, _SQL["get"], {"organization_id": organization_id, "id": feedback_id})
    return found[0] if found else None


async def search(db: Transaction, organization_id: UUID, job_id: UUID | None = None) -> list[Feedback]:
    """The newest feedback of an organisation, perhaps on one job, newest first; at most ``MAX_FOUND``."""
    parameters = {"organization_id": organization_id, "job_id": job_id, "limit": MAX_FOUND}
    return await _fetch(db, _SQL["newest"], parameters)


async def counts(db: Transaction, organization_id: UUID | None) -> list[CodeCount]:
    """How much was said; a code that nobody said is not among it. None: by all organisations."""
    return await fetch_all(db, CodeCount, _SQL["counts"], {"organization_id": organization_id})


async def reviewed(db: Transaction, organization_id: UUID | None) -> AsyncIterator[ReviewedDecision]:
    """Every decision with what clients say of it, one after the other: there may be millions.

    None: those of all organisations.
    """
    async with db.cursor(row_factory=record_row(ReviewedDecision)) as cursor:
        async for decision in cursor.stream(_SQL["reviewed"], {"organization_id": organization_id}):
            yield decision


async def _fetch(db: Transaction, statement: LiteralString, parameters: dict[str, UUID | int | None]) -> list[Feedback]:
    return [_feedback(row) for row in await fetch_all(db, _Row, statement, parameters)]


def _feedback(row: _Row) -> Feedback:
    said = zip(row.object_classes, row.codes, strict=True)
    classes = tuple(SaidOfClass(object_class, FeedbackCode(code)) for object_class, code in said)
    return Feedback(row.id, row.job_id, classes, row.said_at, row.created_at)
