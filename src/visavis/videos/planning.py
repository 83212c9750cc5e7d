"""From what was asked of a file to work units in the queue, once it is known what the file is."""

from __future__ import annotations

from uuid import UUID

from visavis.errors import InvalidRequest
from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.store import face_detections, face_matches, frame_extractions, video_files, video_units
from visavis.store.database import Transaction
from visavis.video_records import FaceDetection, FrameExtraction, VideoFile, VideoInfo, VideoStatus
from visavis.videos.telling import FileNews
from visavis.videos.times import Times, split, times_of


class Planner:
    """Makes work units. Every method runs in its caller's transaction, which holds the file."""

    def __init__(self, queue: Queue, news: FileNews) -> None:
        self._queue = queue
        self._news = news

    async def begin_waiting(self, db: Transaction, file: VideoFile) -> None:
        """The file is there: begin with all that waits for it, in the order it was asked for."""
        for extraction in await frame_extractions.waiting(db, file.id):
            try:
                times_of(extraction.sampling, info_of(file))
            except InvalidRequest as error:
                await self._fail(db, extraction, error.message)
                continue
            await self.begin(db, file, extraction, await face_detections.waiting(db, extraction.id))

    async def begin(
        self, db: Transaction, file: VideoFile, extraction: FrameExtraction, detections: list[FaceDetection]
    ) -> None:
        """Begin with an extraction that has not begun and detections over it, or with more detections over it.

        The first detection looks at the frames while they are made, so that the video is decoded once.
        """
        times = times_of(extraction.sampling, info_of(file))
        seek_points_s = await video_files.seek_points(db, file.id)
        makes_frames = extraction.status == VideoStatus.PENDING
        if makes_frames:
            await frame_extractions.begin(db, extraction.id)
            if not detections:
                await self._units(db, extraction.id, None, times, seek_points_s, makes_frames=True)
        for detection in detections:
            await self._units(db, extraction.id, detection.id, times, seek_points_s, makes_frames=makes_frames)
            await face_detections.begin(db, detection.id)
            await self._news.of_detection(db, detection.id)
            makes_frames = False

    async def fail_all(self, db: Transaction, file: VideoFile, failure: str) -> None:
        """The file cannot be used: nothing comes of what waits for it."""
        for extraction in await frame_extractions.waiting(db, file.id):
            await self._fail(db, extraction, failure)

    async def fail_detection(self, db: Transaction, detection_id: UUID, failure: str) -> None:
        """Nothing comes of a detection, nor of the matches that wait for it."""
        await face_detections.fail(db, detection_id, failure)
        for match_id in await face_matches.waiting(db, detection_id):
            await face_matches.fail(db, match_id, failure)
        await self._news.of_detection(db, detection_id)

    async def _fail(self, db: Transaction, extraction: FrameExtraction, failure: str) -> None:
        for detection in await face_detections.waiting(db, extraction.id):
            await self.fail_detection(db, detection.id, failure)
        await frame_extractions.fail(db, extraction.id, failure)

    async def _units(
        self,
        db: Transaction,
        extraction_id: UUID,
        detection_id: UUID | None,
        times: Times,
        seek_points_s: list[float],
        *,
        makes_frames: bool,
    ) -> None:
        made = await video_units.add(
            db,
            extraction_id,
            detection_id=detection_id,
            makes_frames=makes_frames,
            ranges=split(times, seek_points_s),
        )
        await self._queue.defer_videos(
            db, [VideoEntry(VideoTask.FRAMES, str(unit_id), position) for unit_id, position in made]
        )


def info_of(file: VideoFile) -> VideoInfo:
    """What a completed file is."""
    if file.info is None:
        raise RuntimeError("nobody has looked into the file yet")
    return file.info
