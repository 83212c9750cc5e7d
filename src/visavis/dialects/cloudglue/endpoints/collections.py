"""Collections: videos whose faces are searched together."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import requests, translate
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.addresses import uri_of
from visavis.dialects.cloudglue.endpoints.context import (
    FAILURES,
    NOT_FOUND,
    Context,
    Day,
    FileStatus,
    Filter,
    Instant,
    Limit,
    Offset,
    Sort,
    answer,
    body,
    id_in_path,
    listing,
)
from visavis.dialects.cloudglue.filters import criteria_from_text
from visavis.errors import InvalidRequest, required
from visavis.records import Application
from visavis.store import collections, face_detections
from visavis.store.database import Transaction
from visavis.video_records import Collection, CollectionMember, Page, VideoFace, VideoStatus

_CONFLICT = {**NOT_FOUND, 409: {"model": wire.Error, "description": "A collection of that name is there."}}


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Updater = Annotated[Application, Depends(context.guard(scopes.VIDEOS_UPDATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post("/collections", response_model=wire.Collection, responses=_CONFLICT, **body(wire.NewCollection))
    async def create(request: Request, application: Creator) -> Response:
        """Make a collection, whose name nobody else of the organisation uses."""
        wanted = await read_json(request, wire.NewCollection)
        if wanted.collection_type != "face-analysis":
            raise InvalidRequest("collection_type: this server has collections of the type face-analysis only.")
        async with context.database.transaction() as db:
            collection = await context.collecting.create(
                db,
                application.organization_id,
                name=wanted.name,
                description=wanted.description,
                sampling=requests.collection_sampling_from_wire(wanted.face_detection_config),
            )
        return answer(translate.collection_to_wire(collection))

    @router.get("/collections", response_model=wire.CollectionList, responses=FAILURES)
    async def search(
        application: Reader,
        limit: Limit = 50,
        offset: Offset = 0,
        order: Literal["name", "created_at"] = "created_at",
        sort: Sort = "desc",
        collection_type: wire.CollectionType | None = None,
        created_after: Instant = None,
        created_before: Instant = None,
    ) -> Response:
        """Collections, newest first unless said otherwise."""
        wanted = replace(
            listing(
                limit,
                offset,
                after=requests.instant_from_wire(created_after, "created_after"),
                before=requests.instant_from_wire(created_before, "created_before"),
            ),
            ascending=sort == "asc",
            by_name=order == "name",
        )
        page: Page[Collection] = Page([], 0)
        if collection_type in (None, "face-analysis"):
            async with context.database.transaction() as db:
                page = await collections.search(db, application.organization_id, wanted)
        data = [translate.collection_to_wire(each) for each in page.rows]
        return answer(wire.CollectionList(total=page.total, limit=limit, offset=offset, data=data))

    @router.get("/collections/{collection_id}", response_model=wire.Collection, responses=NOT_FOUND)
    async def get(application: Reader, collection_id: str) -> Response:
        """One collection."""
        async with context.database.transaction() as db:
            collection = await _existing(db, application, collection_id)
        return answer(translate.collection_to_wire(collection))

    @router.put(
        "/collections/{collection_id}",
        response_model=wire.Collection,
        responses=_CONFLICT,
        **body(wire.CollectionUpdate),
    )
    async def update(request: Request, application: Updater, collection_id: str) -> Response:
        """Change a collection's name or description."""
        known = id_in_path(collection_id, "collection")
        wanted = await read_json(request, wire.CollectionUpdate)
        async with context.database.transaction() as db:
            changed = await collections.update(
                db, application.organization_id, known, name=wanted.name, description=wanted.description
            )
        return answer(translate.collection_to_wire(required(changed, "collection")))

    @router.delete("/collections/{collection_id}", response_model=wire.CollectionDeleted, responses=NOT_FOUND)
    async def remove(application: Remover, collection_id: str) -> Response:
        """Remove a collection; its files stay."""
        async with context.database.transaction() as db:
            collection = await _existing(db, application, collection_id)
            await context.collecting.delete(db, collection)
        return answer(wire.CollectionDeleted(id=collection.id))

    async def add(request: Request, application: Creator, collection_id: str) -> Response:
        """Put a file, or a video on the web, into a collection; put in again, it stays as it is."""
        known = id_in_path(collection_id, "collection")
        address = _address(await read_json(request, wire.AddCollectionFile))
        async with context.database.transaction() as db:
            found = await collections.get(db, application.organization_id, known)
            collection = required(found, "collection")
            file = await context.video(db, application, address, "url")
            member = await context.collecting.add(db, collection, file)
        return answer(translate.member_to_wire(member, context.links(request)))

    # The newer path and its older twin.
    for name in ("media", "videos"):
        router.post(
            f"/collections/{{collection_id}}/{name}",
            response_model=wire.CollectionFile,
            responses=NOT_FOUND,
            name=f"add_{name}",
            **body(wire.AddCollectionFile),
        )(add)

    @router.get("/collections/{collection_id}/videos", response_model=wire.CollectionFileList, responses=NOT_FOUND)
    async def members(
        request: Request,
        application: Reader,
        collection_id: str,
        limit: Limit = 50,
        offset: Offset = 0,
        status: FileStatus | None = None,
        added_before: Day = None,
        added_after: Day = None,
        order: Literal["added_at", "filename"] = "added_at",
        sort: Sort = "desc",
        filter: Filter = None,  # noqa: A002 - the vendor's name
    ) -> Response:
        """Files of a collection, latest added first unless said otherwise."""
        is_applicable = status != "not_applicable"
        wanted = replace(
            listing(
                limit,
                offset,
                status=status if is_applicable else None,
                after=requests.day_from_wire(added_after, "added_after"),
                before=requests.day_from_wire(added_before, "added_before"),
            ),
            ascending=sort == "asc",
            by_name=order == "filename",
            criteria=criteria_from_text(filter),
        )
        page: Page[CollectionMember] = Page([], 0)
        async with context.database.transaction() as db:
            collection = await _existing(db, application, collection_id)
            if is_applicable:
                page = await collections.members(db, collection.id, wanted)
        links = context.links(request)
        data = [translate.member_to_wire(each, links) for each in page.rows]
        return answer(wire.CollectionFileList(total=page.total, limit=limit, offset=offset, data=data))

    @router.get(
        "/collections/{collection_id}/videos/{file_id}", response_model=wire.CollectionFile, responses=NOT_FOUND
    )
    async def member(request: Request, application: Reader, collection_id: str, file_id: str) -> Response:
        """One file of a collection."""
        async with context.database.transaction() as db:
            _, found = await _existing_member(db, application, collection_id, file_id)
        return answer(translate.member_to_wire(found, context.links(request)))

    @router.delete(
        "/collections/{collection_id}/videos/{file_id}",
        response_model=wire.CollectionFileDeleted,
        responses=NOT_FOUND,
    )
    async def remove_member(application: Remover, collection_id: str, file_id: str) -> Response:
        """Take a file out of a collection; the file stays."""
        async with context.database.transaction() as db:
            collection, found = await _existing_member(db, application, collection_id, file_id)
            await context.collecting.remove(db, collection, found)
        return answer(wire.CollectionFileDeleted(collection_id=collection.id, file_id=found.file.id))

    @router.get(
        "/collections/{collection_id}/videos/{file_id}/face-detections",
        response_model=wire.FileFaceDetections,
        responses=NOT_FOUND,
    )
    async def member_faces(
        request: Request,
        application: Reader,
        collection_id: str,
        file_id: str,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Response:
        """The faces of a file of a collection; none until they have been looked for."""
        faces: Page[VideoFace] = Page([], 0)
        async with context.database.transaction() as db:
            _, found = await _existing_member(db, application, collection_id, file_id)
            if found.status == VideoStatus.COMPLETED and found.detection_id is not None:
                faces = await face_detections.faces(db, found.detection_id, limit=limit, offset=offset)
        return answer(translate.member_faces_to_wire(found, faces, limit, offset, context.links(request)))


async def _existing(db: Transaction, application: Application, collection_id: str) -> Collection:
    known = id_in_path(collection_id, "collection")
    return required(await collections.get(db, application.organization_id, known), "collection")


async def _existing_member(
    db: Transaction, application: Application, collection_id: str, file_id: str
) -> tuple[Collection, CollectionMember]:
    collection = await _existing(db, application, collection_id)
    known = id_in_path(file_id, "file in this collection")
    return collection, required(await collections.member(db, collection.id, known), "file in this collection")


def _address(wanted: wire.AddCollectionFile) -> str:
    if wanted.file_id is not None and wanted.url is None:
        return uri_of(wanted.file_id)
    if wanted.url is not None and wanted.file_id is None:
        return wanted.url
    raise InvalidRequest("body: must have either file_id or url, and not both.")
