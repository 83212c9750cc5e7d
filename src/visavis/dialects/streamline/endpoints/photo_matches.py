"""Photo matches, in both editions."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from visavis.accounts import scopes
from visavis.dialects.streamline import schemas as wire
from visavis.dialects.streamline import translate
from visavis.dialects.streamline.editions import NEWER, OLDER, Edition
from visavis.dialects.streamline.endpoints.context import FAILURES, NOT_FOUND, VERSION, Context, answer
from visavis.dialects.streamline.form import ENDINGS, read_form
from visavis.errors import required
from visavis.records import Application, JobKind, Role
from visavis.store import applications, decisions, jobs

PREFIXES = ("/idv/api", "/api")


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of both editions, each under both prefixes."""
    for prefix in PREFIXES:
        in_schema = prefix == PREFIXES[0]
        _add(router, context, OLDER, prefix, wire.PhotoMatch, in_schema=in_schema)
        _add(router, context, NEWER, prefix, wire.BiometricsPhotoMatch, in_schema=in_schema)


def _add(
    router: APIRouter, context: Context, edition: Edition, prefix: str, response: type[BaseModel], *, in_schema: bool
) -> None:
    Reader = Annotated[Application, Depends(context.guard(scopes.MATCH_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.MATCH_CREATE))]  # noqa: N806
    path = prefix + edition.path

    @router.post(
        path,
        response_model=wire.Created,
        responses=FAILURES,
        openapi_extra={"parameters": [VERSION], **_form(edition)},
        include_in_schema=in_schema,
        name=f"create_{edition.name}",
    )
    async def create(request: Request, application: Creator) -> Response:
        """Accept two photos; the result comes later."""
        form = await read_form(request, edition)
        accepted = await context.intake.accept(application, translate.photo_match_from_wire(form, edition))
        return answer(translate.created_to_wire(accepted.job, edition))

    @router.get(
        f"{path}/{{request_id}}",
        response_model=response,
        responses={**FAILURES, **NOT_FOUND},
        openapi_extra={"parameters": [VERSION]},
        include_in_schema=in_schema,
        name=f"get_{edition.name}",
    )
    async def get(application: Reader, request_id: str) -> Response:
        """One photo match, with its result if it is there."""
        async with context.database.transaction() as db:
            found = await jobs.get(
                db,
                required(translate.id_from_wire(request_id), "request"),
                organization_id=application.organization_id,
                namespace_id=None,
                kind=JobKind.PHOTO_MATCH,
            )
            job = required(found, "request")
            images = (await jobs.images_of(db, [job.id]))[job.id]
            subject, target = translate.only(images, Role.SUBJECT), translate.only(images, Role.TARGET)
            decided = (await decisions.of_jobs(db, [job.id])).get(subject.id, [])
            initiator = required(await applications.get(db, job.application_id), "application")
        told = translate.Told(job, subject, target, decided[0] if decided else None, initiator)
        return answer(translate.older_to_wire(told) if edition is OLDER else translate.newer_to_wire(told))


def _form(edition: Edition) -> dict[str, Any]:
    photo = {
        "type": "string",
        "format": "binary",
        "description": f"A picture of at most 5 MB; endings {', '.join(ENDINGS)}.",
    }
    fields = (edition.subject_field, edition.target_field)
    schema = {
        "type": "object",
        "required": list(fields),
        "properties": {**dict.fromkeys(fields, photo), "externalReference": {"type": "string"}},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
