"""Searches by face over collections."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import requests, translate
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.endpoints.context import (
    FAILURES,
    NOT_FOUND,
    Context,
    OfDays,
    answer,
    body,
    id_in_path,
)
from visavis.dialects.cloudglue.filters import criteria_from_wire
from visavis.dialects.cloudglue.pictures import picture_from_wire
from visavis.errors import InvalidRequest, required
from visavis.records import Application
from visavis.store import collections, face_searches

# How a picture that was sent as bytes is named in the answer.
_SENT = "base64"


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type

    @router.post("/search", response_model=wire.SearchResponse, responses=NOT_FOUND, **body(wire.SearchRequest))
    async def create(request: Request, application: Creator) -> Response:
        """Search the faces of collections for the person of a picture; the answer comes at once."""
        wanted = await read_json(request, wire.SearchRequest)
        if wanted.scope != "face":
            raise InvalidRequest("scope: this server searches by face only.")
        by_file, by_item_count = wanted.group_by_key == "file", wanted.sort_by == "item_count"
        if by_item_count and not by_file:
            raise InvalidRequest("sort_by: item_count needs group_by_key.")
        image = wanted.source_image or wire.SearchImage()
        criteria = criteria_from_wire(wanted.filter)
        source = await picture_from_wire(image.url, image.base64, encoded_field="base64")
        async with context.database.transaction() as db:
            searched = [
                required(await collections.get(db, application.organization_id, each), "collection")
                for each in dict.fromkeys(wanted.collections)
            ]
        found = await context.searches.ask(
            application,
            searched,
            source=source,
            query=_SENT if image.base64 is not None else image.url or _SENT,
            limit=wire.DEFAULT_SEARCH_LIMIT if wanted.limit is None else wanted.limit,
            threshold=requests.threshold_from_wire(wanted.threshold),
            by_file=by_file,
            by_item_count=by_item_count,
            criteria=criteria,
        )
        async with context.database.transaction() as db:
            hits = await face_searches.hits(db, found.id)
        return answer(translate.search_to_wire(found, hits, context.links(request)))

    @router.get("/search", response_model=wire.SearchList, responses=FAILURES)
    async def search(application: Reader, wanted: OfDays) -> Response:
        """Searches, newest first, without what they found."""
        async with context.database.transaction() as db:
            page = await face_searches.search(db, application.organization_id, wanted)
        rows = [translate.search_row_to_wire(each) for each in page.rows]
        return answer(wire.SearchList(total=page.total, limit=wanted.limit, offset=wanted.offset, data=rows))

    @router.get("/search/{search_id}", response_model=wire.SearchResponse, responses=NOT_FOUND)
    async def get(request: Request, application: Reader, search_id: str) -> Response:
        """A search with what it found."""
        known = id_in_path(search_id, "search")
        async with context.database.transaction() as db:
            found = required(await face_searches.get(db, application.organization_id, known), "search")
            hits = await face_searches.hits(db, found.id)
        return answer(translate.search_to_wire(found, hits, context.links(request)))
