"""What is to be done about videos, taken from the queue by a worker."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from uuid import UUID

import structlog

from visavis.errors import StorageError
from visavis.jobs.queue import Queue, VideoEntry, VideoTask, wait_before
from visavis.jobs.units import MAX_ATTEMPTS
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.videos.files import FileWork
from visavis.videos.matching import Matches
from visavis.videos.search_work import SearchWork
from visavis.videos.units import VideoUnits

_log = structlog.get_logger(__name__)


class _Doer(Protocol):
    async def run(self, subject: UUID, /) -> None: ...

    async def give_up(self, subject: UUID, /) -> None: ...


class VideoWork:
    """Hands each queue entry to whoever does such things, and gives up what kills workers."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        blobs: Blobs,
        *,
        files: FileWork,
        units: VideoUnits,
        matches: Matches,
        searches: SearchWork,
    ) -> None:
        self._database = database
        self._queue = queue
        self._blobs = blobs
        self._by_id: dict[VideoTask, _Doer] = {
            VideoTask.FILE: files,
            VideoTask.FRAMES: units,
            VideoTask.MATCH: matches,
            VideoTask.SEARCH: searches,
        }

    async def run(self, entry: VideoEntry) -> None:
        """Do it. Doing it twice changes nothing."""
        try:
            if entry.task == VideoTask.ERASE:
                await self._blobs.delete_prefix(entry.subject)
                return
            doer, subject = self._by_id[entry.task], UUID(entry.subject)
            if entry.attempts >= MAX_ATTEMPTS:
                await doer.give_up(subject)
            else:
                await doer.run(subject)
        except StorageError as error:
            # The storage may stay away for hours. That is no fault of the video: the entry waits.
            _log.warning("storage does not answer, video waits", task=entry.task, error=error.message)
            later = replace(entry, attempts=0, waits=entry.waits + 1)
            async with self._database.transaction() as db:
                await self._queue.defer_videos(db, [later], delay_s=wait_before(entry.waits).total_seconds())
