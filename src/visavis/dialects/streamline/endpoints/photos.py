"""The photos of photo matches, byte for byte as they were sent."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from visavis.accounts import scopes
from visavis.dialects.streamline import translate
from visavis.dialects.streamline.editions import NEWER, OLDER
from visavis.dialects.streamline.endpoints.context import FAILURES, NOT_FOUND, VERSION, Context
from visavis.dialects.streamline.endpoints.photo_matches import PREFIXES
from visavis.errors import required
from visavis.jobs.requests import PhotoMatchRequest, request_of
from visavis.media.headers import sniff_media_type
from visavis.records import Application, JobKind, Role
from visavis.store import jobs

# A photo is somebody's face, and its bytes are a stranger's: nothing in it may run, nobody else may keep it.
_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource, under the paths of both editions; each serves the photos of both."""
    Reader = Annotated[Application, Depends(context.guard(scopes.MATCH_READ))]  # noqa: N806 - a type

    async def photo(application: Reader, photo_id: str) -> Response:
        """A photo as it was sent."""
        async with context.database.transaction() as db:
            found = await jobs.image(
                db,
                required(translate.id_from_wire(photo_id), "photo"),
                organization_id=application.organization_id,
                kind=JobKind.PHOTO_MATCH,
            )
            image = required(found, "photo")
            job = required(await jobs.of_unit(db, image.job_id), "photo")
        data = await context.blobs.get(required(image.blob_key, "photo"))
        asked = request_of(job, PhotoMatchRequest)
        given = asked.subject_media_type if image.role == Role.SUBJECT else asked.target_media_type
        return Response(data, media_type=sniff_media_type(data) or given, headers=_HEADERS)

    for prefix in PREFIXES:
        for edition in (OLDER, NEWER):
            router.get(
                f"{prefix}{edition.path}/photos/{{photo_id}}",
                response_class=Response,
                responses={
                    200: {"content": {"image/*": {}}, "description": "The picture."},
                    **FAILURES,
                    **NOT_FOUND,
                },
                openapi_extra={"parameters": [VERSION]},
                include_in_schema=prefix == PREFIXES[0],
                name=f"photo_{edition.name}",
            )(photo)
