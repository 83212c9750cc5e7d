"""Frames of videos."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import requests, translate
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.endpoints.context import (
    NOT_FOUND,
    Context,
    Limit,
    Offset,
    answer,
    body,
    id_in_path,
    listing,
)
from visavis.dialects.cloudglue.links import Links
from visavis.errors import required
from visavis.records import Application
from visavis.store import frame_extractions, video_files
from visavis.store.database import Transaction
from visavis.video_records import FrameExtraction, VideoStatus


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post(
        "/files/{file_id}/frames",
        response_model=wire.FrameExtraction,
        responses=NOT_FOUND,
        **body(wire.FrameExtractionConfig),
    )
    async def create(request: Request, application: Creator, file_id: str) -> Response:
        """Extract frames; asked for again, the same ones."""
        known = id_in_path(file_id, "file")
        sampling = requests.sampling_from_wire(await read_json(request, wire.FrameExtractionConfig))
        async with context.database.transaction() as db:
            file = required(await video_files.get(db, application.organization_id, known), "file")
            extraction = await context.intake.extraction(db, file, sampling)
            told = await _told(db, extraction, 50, 0, context.links(request))
        return answer(told)

    @router.get("/files/{file_id}/frames", response_model=wire.FrameExtractionList, responses=NOT_FOUND)
    async def search(application: Reader, file_id: str, limit: Limit = 50, offset: Offset = 0) -> Response:
        """Extractions of a file, newest first."""
        known = id_in_path(file_id, "file")
        async with context.database.transaction() as db:
            required(await video_files.get(db, application.organization_id, known), "file")
            page = await frame_extractions.of_file(db, application.organization_id, known, listing(limit, offset))
        rows = [translate.extraction_row_to_wire(each) for each in page.rows]
        return answer(wire.FrameExtractionList(total=page.total, limit=limit, offset=offset, data=rows))

    @router.get("/frames/{frame_extraction_id}", response_model=wire.FrameExtraction, responses=NOT_FOUND)
    async def get(
        request: Request, application: Reader, frame_extraction_id: str, limit: Limit = 50, offset: Offset = 0
    ) -> Response:
        """One extraction with a page of its frames."""
        known = id_in_path(frame_extraction_id, "frame extraction")
        async with context.database.transaction() as db:
            found = await frame_extractions.get(db, application.organization_id, known)
            extraction = required(found, "frame extraction")
            told = await _told(db, extraction, limit, offset, context.links(request))
        return answer(told)

    @router.delete("/frames/{frame_extraction_id}", response_model=wire.Deleted, responses=NOT_FOUND)
    async def remove(application: Remover, frame_extraction_id: str) -> Response:
        """Erase an extraction with what was found in its frames."""
        known = id_in_path(frame_extraction_id, "frame extraction")
        async with context.database.transaction() as db:
            found = await frame_extractions.get(db, application.organization_id, known)
            await context.erasure.extraction(db, required(found, "frame extraction"))
        return answer(wire.Deleted(id=known))


async def _told(
    db: Transaction, extraction: FrameExtraction, limit: int, offset: int, links: Links
) -> wire.FrameExtraction:
    frames = None
    if extraction.status == VideoStatus.COMPLETED:
        frames = await frame_extractions.frames(db, extraction.id, limit=limit, offset=offset)
    return translate.extraction_to_wire(extraction, frames, limit, offset, links)
