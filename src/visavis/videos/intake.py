"""Accepting videos and what is asked of them: rows and queue entries commit together, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID, uuid4

import anyio.to_thread

from visavis.errors import ImageError, InvalidRequest, TooLarge
from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.media.images import ImageLimits, decode_image
from visavis.records import Application
from visavis.store import face_detections, face_matches, frame_extractions, video_files
from visavis.store.blobs import Blobs
from visavis.store.database import Transaction
from visavis.video_records import (
    FaceDetection,
    FaceMatch,
    FrameExtraction,
    Sampling,
    VideoFile,
    VideoSource,
    VideoStatus,
)
from visavis.videos.layout import original_key
from visavis.videos.planning import Planner, info_of
from visavis.videos.times import check_window, times_of

# Of a request, beside its video.
_MORE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourcePicture:
    """A picture of somebody to look for: its address, or its bytes."""

    data: bytes | None = field(default=None, repr=False)
    url: str | None = None


async def checked_source(data: bytes) -> SourcePicture:
    """A picture that was sent as bytes.

    Raises:
        InvalidRequest: they are no picture that can be decoded.
    """
    try:
        await anyio.to_thread.run_sync(lambda: decode_image(data, limits=ImageLimits()))
    except ImageError as error:
        raise InvalidRequest(error.message) from error
    return SourcePicture(data=data)


class _Sink(Protocol):
    async def write(self, data: bytes) -> None: ...


class Upload:
    """A video on its way into the storage."""

    def __init__(self, file_id: UUID, sink: _Sink, max_bytes: int) -> None:
        self.file_id = file_id
        self.byte_count = 0
        self._sink = sink
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()

    async def write(self, data: bytes) -> None:
        """Take more of its bytes.

        Raises:
            TooLarge: they are more than this server keeps.
            StorageError: the storage fails.
        """
        self.byte_count += len(data)
        if self.byte_count > self._max_bytes:
            raise TooLarge(f"The file has more than {self._max_bytes} bytes.")
        self._hash.update(data)
        await self._sink.write(data)

    @property
    def sha256(self) -> str:
        """Of the bytes so far, in hexadecimal digits."""
        return self._hash.hexdigest()


class VideoIntake:
    """The one door through which videos, and what is asked of them, come in."""

    def __init__(self, blobs: Blobs, queue: Queue, planner: Planner, *, max_bytes: int) -> None:
        self._blobs = blobs
        self._queue = queue
        self._planner = planner
        self._max_bytes = max_bytes

    def check_size(self, announced_bytes: int) -> None:
        """Whether a request of this size can hold a video that is kept; what else is in it is little.

        Raises:
            TooLarge: it cannot.
        """
        if announced_bytes > self._max_bytes + _MORE_BYTES:
            raise TooLarge(f"The file has more than {self._max_bytes} bytes.")

    @asynccontextmanager
    async def receiving(self, organization_id: UUID) -> AsyncIterator[Upload]:
        """A block that writes a video. At its end the bytes are stored; when it raises, nothing remains of them.

        Should the process die before the file is accepted, the housekeeper removes the bytes.
        """
        file_id = uuid4()
        async with self._blobs.writer(original_key(organization_id, file_id)) as sink:
            yield Upload(file_id, sink, self._max_bytes)

    async def accept_upload(
        self,
        db: Transaction,
        application: Application,
        upload: Upload,
        *,
        filename: str,
        metadata: Mapping[str, Any] | None,
    ) -> VideoFile:
        """A file whose bytes are stored. A worker will look into it."""
        file = await video_files.add(
            db,
            file_id=upload.file_id,
            organization_id=application.organization_id,
            application_id=application.id,
            filename=filename,
            source=VideoSource.UPLOAD,
            source_url=None,
            byte_count=upload.byte_count,
            sha256=upload.sha256,
            metadata=metadata,
        )
        await self._look_into(db, file)
        return file

    async def accept_address(
        self, db: Transaction, application: Application, url: str, *, metadata: Mapping[str, Any] | None = None
    ) -> VideoFile:
        """A file that a worker will fetch, and look into."""
        file = await video_files.add(
            db,
            file_id=uuid4(),
            organization_id=application.organization_id,
            application_id=application.id,
            filename=_filename(url),
            source=VideoSource.HTTP,
            source_url=url,
            byte_count=None,
            sha256=None,
            metadata=metadata,
        )
        await self._look_into(db, file)
        return file

    async def extraction(self, db: Transaction, file: VideoFile, sampling: Sampling) -> FrameExtraction:
        """Frames of a file; those that were asked for before, if there are such.

        Raises:
            InvalidRequest: the window is not in the video, or the file cannot be used.
        """
        file, extraction = await self._asked(db, file, sampling)
        if file.status == VideoStatus.COMPLETED and extraction.status == VideoStatus.PENDING:
            await self._planner.begin(db, file, extraction, [])
            return await frame_extractions.find(db, extraction.id) or extraction
        return extraction

    async def detection(self, db: Transaction, file: VideoFile, frames: FrameExtraction | Sampling) -> FaceDetection:
        """The faces of a file's frames: of an extraction that is there, or of new frames, which are decoded once.

        Raises:
            InvalidRequest: as for ``extraction()``, or the extraction has failed.
        """
        if isinstance(frames, Sampling):
            file, extraction = await self._asked(db, file, frames)
        else:
            file = await self._held(db, file)
            # As it is now: a worker may have begun with it before the file was held.
            there = await frame_extractions.find(db, frames.id)
            if there is None:
                raise InvalidRequest("The frame extraction has been deleted.")
            extraction = there
        if extraction.status == VideoStatus.FAILED:
            raise InvalidRequest(f"The frame extraction has failed: {extraction.failure}")
        detection = await face_detections.add(
            db,
            detection_id=uuid4(),
            organization_id=file.organization_id,
            file_id=file.id,
            extraction_id=extraction.id,
        )
        if file.status == VideoStatus.COMPLETED:
            await self._planner.begin(db, file, extraction, [detection])
            return await face_detections.get(db, file.organization_id, detection.id) or detection
        return detection

    async def match(
        self,
        db: Transaction,
        application: Application,
        file: VideoFile,
        detection: FaceDetection,
        *,
        source: SourcePicture,
        max_faces: int,
    ) -> FaceMatch:
        """Where the person of a picture is among the faces of a detection.

        Raises:
            InvalidRequest: the detection has failed, or was deleted meanwhile.
        """
        file = await self._held(db, file)
        held = await face_detections.get(db, file.organization_id, detection.id)
        if held is None:
            raise InvalidRequest("The face detection has been deleted.")
        if held.status == VideoStatus.FAILED:
            raise InvalidRequest(f"The face detection has failed: {held.failure}")
        match = await face_matches.add(
            db,
            match_id=uuid4(),
            organization_id=file.organization_id,
            application_id=application.id,
            file_id=file.id,
            extraction_id=detection.extraction_id,
            detection_id=detection.id,
            max_faces=max_faces,
            source_url=source.url,
            source_data=source.data,
        )
        await self._queue.defer_videos(db, [VideoEntry(VideoTask.MATCH, str(match.id))])
        return match

    async def _asked(self, db: Transaction, file: VideoFile, sampling: Sampling) -> tuple[VideoFile, FrameExtraction]:
        """The file, held, and the extraction of it with a sampling that makes sense for it; nothing has begun."""
        check_window(sampling)
        file = await self._held(db, file)
        if file.status == VideoStatus.COMPLETED:
            times_of(sampling, info_of(file))
        extraction = await frame_extractions.ensure(
            db,
            extraction_id=uuid4(),
            organization_id=file.organization_id,
            file_id=file.id,
            sampling=sampling,
        )
        return file, extraction

    async def _held(self, db: Transaction, file: VideoFile) -> VideoFile:
        """The file as it is now. A worker that ends it meanwhile waits, or what is asked here would be overlooked."""
        held = await video_files.lock(db, file.id)
        if held is None:
            raise InvalidRequest("The file has been deleted.")
        if held.status == VideoStatus.FAILED:
            raise InvalidRequest(f"The file cannot be used: {held.failure}")
        return held

    async def _look_into(self, db: Transaction, file: VideoFile) -> None:
        await self._queue.defer_videos(db, [VideoEntry(VideoTask.FILE, str(file.id))])


def _filename(url: str) -> str:
    """The last part of an address's path."""
    path = url.partition("?")[0].partition("#")[0].rstrip("/")
    return path.rpartition("/")[2][:255] or "video"
