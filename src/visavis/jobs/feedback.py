"""What clients say of a job's decisions. It is kept to measure thresholds by, and changes no result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from visavis.errors import NotFound
from visavis.records import Feedback, SaidOfClass
from visavis.store import feedback
from visavis.store.database import Transaction


async def give(
    db: Transaction,
    *,
    organization_id: UUID,
    application_id: UUID,
    job_id: UUID,
    classes: Sequence[SaidOfClass],
    said_at: datetime,
) -> Feedback:
    """Keep feedback on a job of any kind, beside the decisions that it speaks of.

    A false positive speaks of the picture that the job has chosen for the class, a false negative of the one that came
    nearest among those that it did not say yes to. Where there is none, the feedback is kept all the same.

    Raises:
        NotFound: the organisation has no such job.
    """
    feedback_id = uuid4()
    is_kept = await feedback.add(
        db,
        feedback_id=feedback_id,
        organization_id=organization_id,
        application_id=application_id,
        job_id=job_id,
        classes=classes,
        said_at=said_at,
    )
    kept = await feedback.get(db, organization_id, feedback_id) if is_kept else None
    if kept is None:
        raise NotFound("There is no such job.")
    return kept
