"""Match, detect and ask jobs: three questions about pictures, in one form."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import requests, translate
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.endpoints.context import Context, answer, answer_list, body
from visavis.dialects.imageintelligence.results import Results, job_to_wire, load_results
from visavis.errors import InvalidRequest, required
from visavis.records import Application, JobKind, NewJob, Search
from visavis.store import jobs

MAX_FOUND = 100

_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?")

Text = Annotated[str | None, Query()]
Moment = Annotated[str | None, Query(description="Milliseconds since 1970 (below 100000000000: seconds); exclusive.")]


@dataclass(frozen=True, slots=True)
class Question:
    """One of the three, with its shapes on the wire."""

    name: str
    kind: JobKind
    request: type[wire.JobRequest]
    response: type[wire.JobResponse]
    job_of: Callable[[Any, str], NewJob]
    create_scope: str
    read_scope: str


QUESTIONS = (
    Question(
        "match",
        JobKind.MATCH,
        wire.MatchRequest,
        wire.MatchResponse,
        requests.match_from_wire,
        scopes.MATCH_CREATE,
        scopes.MATCH_READ,
    ),
    Question(
        "detect",
        JobKind.DETECT,
        wire.DetectRequest,
        wire.DetectResponse,
        requests.detect_from_wire,
        scopes.DETECT_CREATE,
        scopes.DETECT_READ,
    ),
    Question(
        "ask",
        JobKind.ASK,
        wire.AskRequest,
        wire.AskResponse,
        requests.ask_from_wire,
        scopes.ASK_CREATE,
        scopes.ASK_READ,
    ),
)


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of the three."""
    for question in QUESTIONS:
        _add(router, context, question)


def _add(router: APIRouter, context: Context, question: Question) -> None:
    Reader = Annotated[Application, Depends(context.guard(question.read_scope))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(question.create_scope))]  # noqa: N806
    path, name = f"/{question.name}", question.name

    @router.post(path, name=name, response_model=question.response, **body(question.request))
    async def create(request: Request, application: Creator) -> Response:
        """Accept a job; its results come later."""
        links = context.links(request)
        new = question.job_of(await read_json(request, question.request), links.base_url)
        accepted = await context.intake.accept(application, new)
        nothing_yet = Results({accepted.job.id: accepted.images}, {}, {})
        return answer(job_to_wire(accepted.job, nothing_yet, links))

    @router.get(path, name=f"{name}Search", response_model=list[question.response])  # type: ignore[name-defined]
    async def search(
        request: Request,
        application: Reader,
        customId: Text = None,  # noqa: N803 - the wire's name
        feedId: Text = None,  # noqa: N803
        before: Moment = None,
        after: Moment = None,
    ) -> Response:
        """Jobs, newest first, 100 at most."""
        wanted = Search(
            limit=MAX_FOUND,
            after=_moment(after, "after"),
            before=_moment(before, "before"),
            custom_ids=_only(customId, "customId"),
            feed_ids=_only(feedId, "feedId"),
        )
        async with context.database.transaction() as db:
            found = await jobs.search(
                db, wanted, organization_id=application.organization_id, namespace_id=None, kind=question.kind
            )
            results = await load_results(db, found)
        links = context.links(request)
        return answer_list(question.response, [job_to_wire(job, results, links) for job in found])

    @router.get(f"{path}/{{job_id}}", name=f"{name}Get", response_model=question.response)
    async def get(request: Request, application: Reader, job_id: str) -> Response:
        """One job with its results so far."""
        async with context.database.transaction() as db:
            found = await jobs.get(
                db,
                required(translate.id_from_wire(job_id), "job"),
                organization_id=application.organization_id,
                namespace_id=None,
                kind=question.kind,
            )
            job = required(found, "job")
            results = await load_results(db, [job])
        return answer(job_to_wire(job, results, context.links(request)))


def _moment(text: str | None, field: str) -> datetime | None:
    if text is not None and not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"{field}: is no number of milliseconds or seconds since 1970.")
    return translate.moment_from_wire(None if text is None else float(text), field)


def _only(text: str | None, field: str) -> tuple[str, ...] | None:
    if text is not None and "\x00" in text:
        raise InvalidRequest(f"{field}: must not contain the character U+0000.")
    return None if text is None else (text,)
