"""Faces in videos."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue import translate
from visavis.dialects.cloudglue.endpoints.context import (
    FAILURES,
    NOT_FOUND,
    Context,
    Limit,
    OfDaysAndStatus,
    Offset,
    answer,
    body,
    id_in_path,
)
from visavis.errors import required
from visavis.records import Application
from visavis.store import face_detections
from visavis.video_records import VideoStatus


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post(
        "/face-detect", response_model=wire.FaceDetection, responses=NOT_FOUND, **body(wire.FaceDetectionRequest)
    )
    async def create(request: Request, application: Creator) -> Response:
        """Look for faces in the frames of a video."""
        wanted = await read_json(request, wire.FaceDetectionRequest)
        async with context.database.transaction() as db:
            file = await context.video(db, application, wanted.url, "url")
            frames = await context.frames(
                db, application, file, wanted.frame_extraction_id, wanted.frame_extraction_config
            )
            detection = await context.intake.detection(db, file, frames)
        return answer(translate.detection_to_wire(detection, None, 50, 0, context.links(request)))

    @router.get("/face-detect", response_model=wire.FaceDetectionList, responses=FAILURES)
    async def search(application: Reader, wanted: OfDaysAndStatus) -> Response:
        """Detections, newest first, without their faces."""
        async with context.database.transaction() as db:
            page = await face_detections.search(db, application.organization_id, wanted)
        rows = [translate.detection_row_to_wire(each) for each in page.rows]
        return answer(wire.FaceDetectionList(total=page.total, limit=wanted.limit, offset=wanted.offset, data=rows))

    @router.get("/face-detect/{face_detection_id}", response_model=wire.FaceDetection, responses=NOT_FOUND)
    async def get(
        request: Request, application: Reader, face_detection_id: str, limit: Limit = 50, offset: Offset = 0
    ) -> Response:
        """One detection with a page of its faces."""
        known = id_in_path(face_detection_id, "face detection")
        faces = None
        async with context.database.transaction() as db:
            found = await face_detections.get(db, application.organization_id, known)
            detection = required(found, "face detection")
            if detection.status == VideoStatus.COMPLETED:
                faces = await face_detections.faces(db, detection.id, limit=limit, offset=offset)
        return answer(translate.detection_to_wire(detection, faces, limit, offset, context.links(request)))

    @router.delete("/face-detect/{face_detection_id}", response_model=wire.Deleted, responses=NOT_FOUND)
    async def remove(application: Remover, face_detection_id: str) -> Response:
        """Erase a detection; matches that have used it stay."""
        known = id_in_path(face_detection_id, "face detection")
        async with context.database.transaction() as db:
            found = await face_detections.get(db, application.organization_id, known)
            await context.erasure.detection(db, required(found, "face detection"))
        return answer(wire.Deleted(id=known))
