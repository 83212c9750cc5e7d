"""Images, which in this dialect are detected faces."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import (
    Context,
    answer_as,
    answer_list,
    body,
    existing,
    namespace_in_path,
    read_search,
)
from visavis.errors import required
from visavis.records import Application
from visavis.store import faces, namespaces


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_READ))]  # noqa: N806 - a type

    @router.get("/recognition/images/{namespace}/{face_id}", response_model=wire.ImageResponse)
    async def get(request: Request, application: Reader, namespace: str, face_id: str) -> Response:
        """One face; with ``Accept: image/jpeg``, a redirect to its crop."""
        name = namespace_in_path(namespace)
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            found = await faces.get(db, place.id, required(translate.id_from_wire(face_id), "image"))
        face = required(found, "image")
        links = context.links(request)
        if _wants_jpeg(request):
            headers = {"Location": links.crop_url(face), "Cache-Control": "no-store"}
            return Response(status_code=302, headers=headers)
        return answer_as(wire.ImageResponse, translate.face_to_wire(face, links))

    @router.post(
        "/recognition/images/{namespace}/search",
        response_model=list[wire.ImageResponse],
        **body(wire.SearchRequest),
    )
    async def search(request: Request, application: Reader, namespace: str) -> Response:
        """Search faces."""
        name = namespace_in_path(namespace)
        wanted = await read_search(request)
        async with context.database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            found = [] if place is None else await faces.search(db, place.id, wanted)
        links = context.links(request)
        return answer_list(wire.ImageResponse, [translate.face_to_wire(face, links) for face in found])


def _wants_jpeg(request: Request) -> bool:
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return "image/jpeg" in accepted and "application/json" not in accepted
