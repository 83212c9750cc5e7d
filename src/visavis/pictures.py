"""Stored pictures and the crops of faces, behind addresses that were signed for them. Every dialect hands them out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from visavis.accounts.media_links import MediaLinks
from visavis.errors import ImageError, NotFound, NotPermitted
from visavis.jobs.analysis import cut_face
from visavis.media.headers import sniff_media_type
from visavis.media.images import ImageLimits
from visavis.store import faces, frame_extractions, video_files
from visavis.store.blobs import Blobs
from visavis.store.database import Database, Transaction
from visavis.videos.layout import poster_key

# A picture is somebody's face, and its bytes are a stranger's: nothing in it may run, nobody else may keep it.
_HEADERS = {
    "Cache-Control": "private, max-age=900",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


KeyOf = Callable[[Transaction], Awaitable[str | None]]
"""Finds where a picture lies; None when it is gone."""


def media_router(*, database: Database, blobs: Blobs, media_links: MediaLinks) -> APIRouter:
    """Routes below ``/media``."""
    router = APIRouter()

    @router.get("/media/pictures/{blob_key:path}")
    async def picture(blob_key: str, expires: str = "", signature: str = "") -> Response:
        """A picture, byte for byte as it was sent."""
        try:
            media_links.check(f"pictures/{blob_key}", expires, signature)
            data = await blobs.get(blob_key)
        except (NotPermitted, NotFound) as error:
            return _refused(error)
        media_type = sniff_media_type(data) or "application/octet-stream"
        return Response(data, media_type=media_type, headers=_HEADERS)

    @router.get("/media/frames/{frame_id}")
    async def frame(frame_id: str, expires: str = "", signature: str = "") -> Response:
        """The thumbnail of a video's frame, as JPEG."""

        async def key_of(db: Transaction) -> str | None:
            return await frame_extractions.thumbnail_key(db, UUID(frame_id))

        return await stored_jpeg(f"frames/{frame_id}", expires, signature, key_of)

    @router.get("/media/videos/{file_id}/poster")
    async def poster(file_id: str, expires: str = "", signature: str = "") -> Response:
        """A small picture of a video, as JPEG."""

        async def key_of(db: Transaction) -> str | None:
            file = await video_files.find(db, UUID(file_id))
            return None if file is None or not file.has_poster else poster_key(file.organization_id, file.id)

        return await stored_jpeg(f"videos/{file_id}/poster", expires, signature, key_of)

    async def stored_jpeg(resource: str, expires: str, signature: str, key_of: KeyOf) -> Response:
        try:
            media_links.check(resource, expires, signature)
            async with database.transaction() as db:
                # ids are parsed when they are known to be what was signed
                key = await key_of(db)
            if key is None:
                raise NotFound("The picture is no longer stored.")
            jpeg = await blobs.get(key)
        except (NotPermitted, NotFound) as error:
            return _refused(error)
        return Response(jpeg, media_type="image/jpeg", headers=_HEADERS)

    @router.get("/media/faces/{namespace_id}/{face_id}")
    async def crop(namespace_id: str, face_id: str, expires: str = "", signature: str = "") -> Response:
        """The crop of a face, as JPEG."""
        try:
            media_links.check(f"faces/{namespace_id}/{face_id}", expires, signature)
            async with database.transaction() as db:
                # parsed when they are known to be what was signed
                face = await faces.get(db, UUID(namespace_id), UUID(face_id))
            if face is None or face.blob_key is None:
                raise NotFound("The picture is no longer stored.")
            data = await blobs.get(face.blob_key)
            jpeg = await anyio.to_thread.run_sync(cut_face, data, face.box, ImageLimits())
        except (NotPermitted, NotFound, ImageError) as error:
            return _refused(error)
        return Response(jpeg, media_type="image/jpeg", headers=_HEADERS)

    return router


def _refused(error: NotPermitted | NotFound | ImageError) -> Response:
    status = 403 if isinstance(error, NotPermitted) else 404
    return PlainTextResponse(f"{error.message}\n", status)
