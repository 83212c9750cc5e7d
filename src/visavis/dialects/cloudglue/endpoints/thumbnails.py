"""Small pictures of videos."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from visavis.accounts import scopes
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue import translate
from visavis.dialects.cloudglue.endpoints.context import NOT_FOUND, Context, Limit, Offset, answer, id_in_path
from visavis.errors import InvalidRequest, required
from visavis.records import Application
from visavis.store import video_files
from visavis.video_records import Page, Thumbnail

_TYPES = ("segment", "keyframe", "file", "frame")


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the route of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type

    @router.get("/files/{file_id}/thumbnails", response_model=wire.ThumbnailList, responses=NOT_FOUND)
    async def search(
        request: Request,
        application: Reader,
        file_id: str,
        is_default: bool = False,
        segmentation_id: UUID | None = None,
        limit: Limit = 50,
        offset: Offset = 0,
        type: Annotated[  # noqa: A002 - the vendor's name
            str | None, Query(description=f"Any of {', '.join(_TYPES)}, with commas between them.")
        ] = None,
    ) -> Response:
        """A file's own picture and those of its frames, by time."""
        known = id_in_path(file_id, "file")
        wanted = _types(type)
        organization_id = application.organization_id
        async with context.database.transaction() as db:
            required(await video_files.get(db, organization_id, known), "file")
            page: Page[Thumbnail] = Page([], 0)
            # There are no segmentations, and so no pictures of any.
            if segmentation_id is None:
                page = await video_files.thumbnails(
                    db,
                    organization_id,
                    known,
                    posters="file" in wanted,
                    frames="frame" in wanted and not is_default,
                    limit=limit,
                    offset=offset,
                )
        links = context.links(request)
        data = [translate.thumbnail_to_wire(each, links) for each in page.rows]
        return answer(wire.ThumbnailList(total=page.total, limit=limit, offset=offset, data=data))


def _types(given: str | None) -> set[str]:
    wanted = {part.strip() for part in (given or "").split(",")} - {""}
    if not wanted <= set(_TYPES):
        raise InvalidRequest(f"type: must be one or several of {', '.join(_TYPES)}.")
    return wanted or set(_TYPES)
