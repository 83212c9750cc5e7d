"""Erasing: rows at once, blobs soon after, by a queue entry that commits with the rows' end."""

from __future__ import annotations

from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.store import face_detections, face_matches, frame_extractions, video_files
from visavis.store.database import Transaction
from visavis.video_records import FaceDetection, FaceMatch, FrameExtraction, VideoFile
from visavis.videos.layout import extraction_prefix, file_prefix
from visavis.videos.planning import Planner
from visavis.videos.telling import FileNews

_FRAMES_DELETED = "The frames were deleted before their faces were found."
_FACES_DELETED = "The face detection was deleted before the match was decided."


class Erasure:
    """Erases videos and what was made of them, in the caller's transaction.

    File, extraction, detection, match: everybody holds them in this order.
    """

    def __init__(self, queue: Queue, planner: Planner, news: FileNews) -> None:
        self._queue = queue
        self._planner = planner
        self._news = news

    async def file(self, db: Transaction, file: VideoFile) -> None:
        """A file with its frames, faces, matches and search hits; it leaves its collections."""
        if await video_files.lock(db, file.id) is None:
            return
        await self._news.of_erased(db, file)
        await video_files.remove(db, file.id)
        await self._erase_blobs(db, file_prefix(file.organization_id, file.id))

    async def extraction(self, db: Transaction, extraction: FrameExtraction) -> None:
        """Frames and their thumbnails. Faces that were found in them stay; those that are being looked for do not."""
        await video_files.lock(db, extraction.file_id)
        await frame_extractions.lock(db, extraction.id)
        for detection in await face_detections.unfinished(db, extraction.id):
            await self._planner.fail_detection(db, detection.id, _FRAMES_DELETED)
        await frame_extractions.remove(db, extraction.id)
        await self._erase_blobs(db, extraction_prefix(extraction.organization_id, extraction.file_id, extraction.id))

    async def detection(self, db: Transaction, detection: FaceDetection) -> None:
        """Faces. Matches that are decided stay; those that wait for the faces fail."""
        await video_files.lock(db, detection.file_id)
        await frame_extractions.lock(db, detection.extraction_id)
        await face_detections.lock(db, detection.id)
        for match_id in await face_matches.waiting(db, detection.id):
            await face_matches.fail(db, match_id, _FACES_DELETED)
        await face_detections.remove(db, detection.id)

    async def match(self, db: Transaction, match: FaceMatch) -> None:
        """A match, and nothing else."""
        await face_matches.remove(db, match.id)

    async def _erase_blobs(self, db: Transaction, prefix: str) -> None:
        await self._queue.defer_videos(db, [VideoEntry(VideoTask.ERASE, prefix)])
