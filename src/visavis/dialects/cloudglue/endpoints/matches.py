"""Where the person of a picture is in a video."""

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
from visavis.dialects.cloudglue.pictures import picture_from_wire
from visavis.errors import InvalidRequest, required
from visavis.records import Application
from visavis.store import face_detections, face_matches
from visavis.store.database import Transaction
from visavis.video_records import FaceDetection, VideoFile, VideoStatus


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post("/face-match", response_model=wire.FaceMatch, responses=NOT_FOUND, **body(wire.FaceMatchRequest))
    async def create(request: Request, application: Creator) -> Response:
        """Look for the person of a picture in a video."""
        wanted = await read_json(request, wire.FaceMatchRequest)
        image = wanted.source_image
        source = await picture_from_wire(image.url, image.base64_image, encoded_field="base64_image")
        async with context.database.transaction() as db:
            file = await context.video(db, application, wanted.target_video_url, "target_video_url")
            detection = await _detection(context, db, application, file, wanted)
            match = await context.intake.match(
                db,
                application,
                file,
                detection,
                source=source,
                max_faces=wire.DEFAULT_MAX_FACES if wanted.max_faces is None else wanted.max_faces,
            )
        return answer(translate.match_to_wire(match, None, (), 50, 0, context.links(request)))

    @router.get("/face-match", response_model=wire.FaceMatchList, responses=FAILURES)
    async def search(application: Reader, wanted: OfDaysAndStatus) -> Response:
        """Matches, newest first, without their faces."""
        async with context.database.transaction() as db:
            page = await face_matches.search(db, application.organization_id, wanted)
        rows = [translate.match_row_to_wire(each) for each in page.rows]
        return answer(wire.FaceMatchList(total=page.total, limit=wanted.limit, offset=wanted.offset, data=rows))

    @router.get("/face-match/{face_match_id}", response_model=wire.FaceMatch, responses=NOT_FOUND)
    async def get(
        request: Request, application: Reader, face_match_id: str, limit: Limit = 50, offset: Offset = 0
    ) -> Response:
        """One match with a page of its faces, and when the person is on screen."""
        known = id_in_path(face_match_id, "face match")
        async with context.database.transaction() as db:
            match = required(await face_matches.get(db, application.organization_id, known), "face match")
            is_completed = match.status == VideoStatus.COMPLETED
            faces = await face_matches.faces(db, match.id, limit=limit, offset=offset) if is_completed else None
            appearances = await face_matches.appearances(db, match.id) if is_completed else []
        return answer(translate.match_to_wire(match, faces, appearances, limit, offset, context.links(request)))

    @router.delete("/face-match/{face_match_id}", response_model=wire.FaceMatchDeleted, responses=NOT_FOUND)
    async def remove(application: Remover, face_match_id: str) -> Response:
        """Erase a match, and nothing else."""
        known = id_in_path(face_match_id, "face match")
        async with context.database.transaction() as db:
            match = required(await face_matches.get(db, application.organization_id, known), "face match")
            await context.erasure.match(db, match)
        return answer(wire.FaceMatchDeleted(face_match_id=known))


async def _detection(
    context: Context, db: Transaction, application: Application, file: VideoFile, wanted: wire.FaceMatchRequest
) -> FaceDetection:
    """The faces that a request names, else those of the frames that it names or describes."""
    if wanted.face_detection_id is None:
        frames = await context.frames(db, application, file, wanted.frame_extraction_id, wanted.frame_extraction_config)
        return await context.intake.detection(db, file, frames)
    found = await face_detections.get(db, application.organization_id, wanted.face_detection_id)
    detection = required(found, "face detection")
    if detection.file_id != file.id:
        raise InvalidRequest("face_detection_id: these faces are of another file.")
    return detection
