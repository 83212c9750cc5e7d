"""Feedback: what clients say of decisions."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import Context, answer, answer_list, body
from visavis.errors import required
from visavis.jobs.feedback import give
from visavis.records import Application
from visavis.store import feedback


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.FEEDBACK_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.FEEDBACK_CREATE))]  # noqa: N806

    @router.post("/feedback", response_model=wire.FeedbackResponse, **body(wire.FeedbackRequest))
    async def create(request: Request, application: Creator) -> Response:
        """Say that a decision was wrong; it is kept beside the decision, and changes nothing."""
        said = await read_json(request, wire.FeedbackRequest)
        said_at = translate.exact_moment_from_wire(said.created_at, "createdAt") or datetime.now(UTC)
        async with context.database.transaction() as db:
            kept = await give(
                db,
                organization_id=application.organization_id,
                application_id=application.id,
                job_id=required(translate.id_from_wire(said.job_id), "job"),
                classes=[translate.said_from_wire(each) for each in said.classes],
                said_at=said_at,
            )
        return answer(translate.feedback_to_wire(kept))

    @router.get("/feedback", response_model=list[wire.FeedbackResponse])
    async def search(application: Reader, jobId: Annotated[str | None, Query()] = None) -> Response:  # noqa: N803
        """Feedback, the latest first, 100 at most; on one job, if it is named."""
        job_id = None if jobId is None else translate.id_from_wire(jobId)
        if jobId is not None and job_id is None:
            return answer_list(wire.FeedbackResponse, [])
        async with context.database.transaction() as db:
            found = await feedback.search(db, application.organization_id, job_id)
        return answer_list(wire.FeedbackResponse, [translate.feedback_to_wire(each) for each in found])

    @router.get("/feedback/{feedback_id}", response_model=wire.FeedbackResponse)
    async def get(application: Reader, feedback_id: str) -> Response:
        """One feedback."""
        async with context.database.transaction() as db:
            found = await feedback.get(
                db, application.organization_id, required(translate.id_from_wire(feedback_id), "feedback")
            )
        return answer(translate.feedback_to_wire(required(found, "feedback")))
