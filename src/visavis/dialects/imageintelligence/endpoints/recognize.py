"""Recognise jobs, under all the spellings that this vendor's clients have ever used."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import (
    Context,
    answer,
    answer_list,
    body,
    existing,
    read_search,
)
from visavis.dialects.imageintelligence.paths import checked_namespace, namespace_in_query, unquoted
from visavis.dialects.imageintelligence.requests import recognize_from_wire
from visavis.dialects.imageintelligence.results import Results, job_to_wire, load_results
from visavis.errors import required
from visavis.records import Application, JobKind
from visavis.store import jobs, namespaces

InQuery = Annotated[str | None, Depends(namespace_in_query)]


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_CREATE))]  # noqa: N806

    async def recognize(request: Request, application: Application, namespace: str | None) -> Response:
        name = checked_namespace(namespace)
        links = context.links(request)
        new = recognize_from_wire(await read_json(request, wire.RecognizeRequest), links.base_url)
        accepted = await context.intake.accept(application, new, namespace=name)
        nothing_yet = Results({accepted.job.id: accepted.images}, {}, {})
        return answer(job_to_wire(accepted.job, nothing_yet, links))

    async def search(request: Request, application: Application, namespace: str | None) -> Response:
        name = checked_namespace(namespace)
        wanted = await read_search(request)
        async with context.database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            if place is None:
                return answer_list(wire.RecognizeResponse, [])
            found = await jobs.search(
                db,
                wanted,
                organization_id=application.organization_id,
                namespace_id=place.id,
                kind=JobKind.RECOGNIZE,
            )
            results = await load_results(db, found)
        links = context.links(request)
        return answer_list(wire.RecognizeResponse, [job_to_wire(job, results, links) for job in found])

    async def get(request: Request, application: Application, namespace: str | None, job_id: str) -> Response:
        name = checked_namespace(namespace)
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            found = await jobs.get(
                db,
                required(translate.id_from_wire(job_id), "job"),
                organization_id=application.organization_id,
                namespace_id=place.id,
                kind=JobKind.RECOGNIZE,
            )
            job = required(found, "job")
            results = await load_results(db, [job])
        return answer(job_to_wire(job, results, context.links(request)))

    accepted = {"response_model": wire.RecognizeResponse, **body(wire.RecognizeRequest)}
    listed = {"response_model": list[wire.RecognizeResponse], **body(wire.SearchRequest)}

    @router.post("/recognition/recognize", include_in_schema=False)
    @router.post("/recognize", **accepted)
    async def recognize_by_query(request: Request, application: Creator, namespace: InQuery) -> Response:
        """Accept pictures; the namespace is in the query."""
        return await recognize(request, application, namespace)

    @router.post("/recognize/search", **listed)
    async def search_by_query(request: Request, application: Reader, namespace: InQuery) -> Response:
        """Search recognise jobs; the namespace is in the query."""
        return await search(request, application, namespace)

    @router.get("/recognize/{job_id}", response_model=wire.RecognizeResponse)
    async def get_by_query(request: Request, application: Reader, job_id: str, namespace: InQuery) -> Response:
        """One recognise job; the namespace is in the query."""
        return await get(request, application, namespace, job_id)

    @router.post("/recognition/recognize/{namespace}", **accepted)
    @router.post("/recognize/{namespace}", **accepted)
    async def recognize_by_path(request: Request, application: Creator, namespace: str) -> Response:
        """Accept pictures."""
        return await recognize(request, application, unquoted(namespace, "namespace"))

    @router.post("/recognition/recognize/{namespace}/search", **listed)
    @router.post("/recognize/{namespace}/search", **listed)
    async def search_by_path(request: Request, application: Reader, namespace: str) -> Response:
        """Search recognise jobs."""
        return await search(request, application, unquoted(namespace, "namespace"))

    @router.get("/recognition/recognize/{namespace}/{job_id}", response_model=wire.RecognizeResponse)
    @router.get("/recognize/{namespace}/{job_id}", response_model=wire.RecognizeResponse)
    async def get_by_path(request: Request, application: Reader, namespace: str, job_id: str) -> Response:
        """One recognise job."""
        return await get(request, application, unquoted(namespace, "namespace"), job_id)
