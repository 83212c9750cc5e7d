"""Videos as they were sent."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import requests, translate
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.endpoints.context import (
    FAILURES,
    NOT_FOUND,
    Context,
    Day,
    FileStatus,
    Filter,
    Limit,
    Offset,
    Sort,
    answer,
    body,
    id_in_path,
    listing,
)
from visavis.dialects.cloudglue.filters import criteria_from_text
from visavis.dialects.cloudglue.upload import MAX_METADATA_BYTES, read_upload
from visavis.errors import required
from visavis.records import Application
from visavis.store import video_files

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The video."},
                        "metadata": {"type": "string", "description": "A JSON object as text; of at most 1 MiB."},
                        "enable_segment_thumbnails": {
                            "type": "boolean",
                            "description": "Accepted, without effect: there are no segments.",
                        },
                    },
                }
            }
        },
    }
}
_UNSUPPORTED: dict[int | str, dict[str, Any]] = {
    **FAILURES,
    415: {"model": wire.Error, "description": "The file is declared to be something else than a video."},
}


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Updater = Annotated[Application, Depends(context.guard(scopes.VIDEOS_UPDATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post("/files", response_model=wire.File, responses=_UNSUPPORTED, openapi_extra=_FORM)
    async def upload(request: Request, application: Creator) -> Response:
        """Take in a video; what it is, is looked into afterwards."""
        announced = request.headers.get("content-length", "")
        context.intake.check_size(int(announced) if announced.isdecimal() else 0)
        async with context.intake.receiving(application.organization_id) as received:
            form = await read_upload(request, received.write)
        async with context.database.transaction() as db:
            file = await context.intake.accept_upload(
                db, application, received, filename=form.filename, metadata=form.metadata
            )
        return answer(translate.file_to_wire(file, context.links(request)))

    @router.get("/files", response_model=wire.FileList, responses=FAILURES)
    async def search(
        request: Request,
        application: Reader,
        status: FileStatus | None = None,
        created_before: Day = None,
        created_after: Day = None,
        limit: Limit = 50,
        offset: Offset = 0,
        order: Literal["created_at", "filename"] = "created_at",
        sort: Sort = "desc",
        filter: Filter = None,  # noqa: A002 - the vendor's name
    ) -> Response:
        """Files, newest first unless said otherwise."""
        if status == "not_applicable":
            return answer(wire.FileList(total=0, limit=limit, offset=offset, data=[]))
        wanted = replace(
            listing(
                limit,
                offset,
                status=status,
                after=requests.day_from_wire(created_after, "created_after"),
                before=requests.day_from_wire(created_before, "created_before"),
            ),
            ascending=sort == "asc",
            by_name=order == "filename",
            criteria=criteria_from_text(filter),
        )
        async with context.database.transaction() as db:
            page = await video_files.search(db, application.organization_id, wanted)
        links = context.links(request)
        files = [translate.file_to_wire(file, links) for file in page.rows]
        return answer(wire.FileList(total=page.total, limit=limit, offset=offset, data=files))

    @router.get("/files/{file_id}", response_model=wire.File, responses=NOT_FOUND)
    async def get(request: Request, application: Reader, file_id: str) -> Response:
        """One file."""
        known = id_in_path(file_id, "file")
        async with context.database.transaction() as db:
            file = required(await video_files.get(db, application.organization_id, known), "file")
        return answer(translate.file_to_wire(file, context.links(request)))

    @router.put("/files/{file_id}", response_model=wire.File, responses=NOT_FOUND, **body(wire.FileUpdate))
    async def update(request: Request, application: Updater, file_id: str) -> Response:
        """Change a file's name, or replace its metadata."""
        known = id_in_path(file_id, "file")
        wanted = await read_json(request, wire.FileUpdate, max_bytes=MAX_METADATA_BYTES)
        filename = None if wanted.filename is None else requests.filename_from_wire(wanted.filename)
        async with context.database.transaction() as db:
            changed = await video_files.update(
                db, application.organization_id, known, filename=filename, metadata=wanted.metadata
            )
        return answer(translate.file_to_wire(required(changed, "file"), context.links(request)))

    @router.delete("/files/{file_id}", response_model=wire.FileDeleted, responses=NOT_FOUND)
    async def remove(application: Remover, file_id: str) -> Response:
        """Erase a file with everything that was made of it."""
        known = id_in_path(file_id, "file")
        async with context.database.transaction() as db:
            file = required(await video_files.get(db, application.organization_id, known), "file")
            await context.erasure.file(db, file)
        return answer(wire.FileDeleted(id=known))
