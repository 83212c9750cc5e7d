"""Running work units of videos: every frame is looked at, and everything that was asked for ends exactly once."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Executor
from concurrent.futures import Future as ThreadFuture
from uuid import UUID

import structlog

from visavis.errors import EngineError, NotFound, VideoError
from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.store import face_detections, face_matches, frame_extractions, video_files, video_units
from visavis.store.blobs import Blobs
from visavis.store.database import Database, Transaction
from visavis.store.video_units import VideoUnit
from visavis.video_records import FrameExtraction, VideoFile
from visavis.videos.layout import original_key, thumbnail_key
from visavis.videos.looking import Keep, Looked, Looker, Task
from visavis.videos.planning import Planner, info_of
from visavis.videos.telling import FileNews
from visavis.videos.times import times_of

NOTHING_DECODED = "No frame of the window could be decoded."

# So many thumbnails are on their way into the storage at a time.
_THUMBNAILS_AT_ONCE = 8

_log = structlog.get_logger(__name__)


class VideoUnits:
    """Runs work units. ``video_thread`` decodes, one unit at a time; the looker says where the engine runs."""

    def __init__(
        self,
        database: Database,
        queue: Queue,
        blobs: Blobs,
        looker: Looker,
        planner: Planner,
        news: FileNews,
        video_thread: Executor,
        *,
        model_id: str,
    ) -> None:
        self._database = database
        self._queue = queue
        self._blobs = blobs
        self._looker = looker
        self._planner = planner
        self._news = news
        self._video_thread = video_thread
        self._model_id = model_id

    async def run(self, unit_id: UUID) -> None:
        """Look at a unit's frames. Running it twice changes nothing."""
        async with self._database.transaction() as db:
            unit = await video_units.get(db, unit_id)
            if unit is None or unit.status != "open":
                return
            extraction = await frame_extractions.find(db, unit.extraction_id)
            file = None if extraction is None else await video_files.find(db, extraction.file_id)
            if extraction is None or file is None:
                return
            seek_points_s = await video_files.seek_points(db, file.id)
        task = Task(
            extraction_id=extraction.id,
            detection_id=unit.detection_id,
            position=unit.position,
            first_number=unit.first_number,
            end_number=unit.end_number,
            times=times_of(extraction.sampling, info_of(file)),
            max_width_px=extraction.sampling.max_width_px,
            seek_points_s=seek_points_s,
        )
        keeps = unit.makes_frames and extraction.sampling.keeps_thumbnails
        try:
            looked = await self._look(file, task, keeps_thumbnails=keeps)
        except (VideoError, EngineError, NotFound) as error:
            _log.warning("frames not looked at", unit=str(unit.id), error=error.code)
            looked = None
        kept = await self._commit(unit, looked)
        if not kept and looked is not None:
            # Erased meanwhile, perhaps after its blobs were.
            await self._blobs.delete([each.thumbnail_key for each in looked.frames if each.thumbnail_key])

    async def give_up(self, unit_id: UUID) -> None:
        """A unit that takes its worker down: its frames have not been looked at, and the coverage will say so."""
        async with self._database.transaction() as db:
            unit = await video_units.get(db, unit_id)
        if unit is not None:
            _log.error("frames given up", unit=str(unit_id))
            await self._commit(unit, None)

    async def _look(self, file: VideoFile, task: Task, *, keeps_thumbnails: bool) -> Looked:
        loop = asyncio.get_running_loop()
        on_their_way: deque[ThreadFuture[None]] = deque()

        def keep(number: int, jpeg: bytes) -> str:
            key = thumbnail_key(file.organization_id, file.id, task.extraction_id, number)
            on_their_way.append(asyncio.run_coroutine_threadsafe(self._blobs.put(key, jpeg), loop))
            if len(on_their_way) > _THUMBNAILS_AT_ONCE:
                on_their_way.popleft().result()
            return key

        def look(keep: Keep | None) -> Looked:
            with self._blobs.reader(original_key(file.organization_id, file.id)) as video:
                looked = self._looker.look(video, task, keep)
            for each in on_their_way:
                each.result()
            return looked

        return await loop.run_in_executor(self._video_thread, look, keep if keeps_thumbnails else None)

    async def _commit(self, unit: VideoUnit, looked: Looked | None) -> bool:
        """Keep what was found, and end what has no open unit any more; False when nobody waits for it."""
        async with self._database.transaction() as db:
            extraction = await frame_extractions.lock(db, unit.extraction_id)
            ended = None if extraction is None else await video_units.end(db, unit.id, failed=looked is None)
            if extraction is None or ended is None:
                return extraction is not None
            if looked is not None:
                await frame_extractions.add_frames(db, extraction.id, looked.frames)
            if ended.detection_id is not None:
                await face_detections.lock(db, ended.detection_id)
                if looked is not None:
                    await face_detections.add_faces(db, ended.detection_id, self._model_id, looked.faces)
            if ended.makes_frames:
                await self._end_extraction(db, extraction)
            if ended.detection_id is not None:
                await self._end_detection(db, extraction, ended.detection_id)
        return True

    async def _end_extraction(self, db: Transaction, extraction: FrameExtraction) -> None:
        tally = await video_units.of_extraction(db, extraction.id)
        if tally.open:
            return
        frames = await frame_extractions.frames(db, extraction.id, limit=1, offset=0)
        if tally.done and frames.total:
            await frame_extractions.complete(db, extraction.id)
        else:
            await frame_extractions.fail(db, extraction.id, NOTHING_DECODED)

    async def _end_detection(self, db: Transaction, extraction: FrameExtraction, detection_id: UUID) -> None:
        tally = await video_units.of_detection(db, detection_id)
        if tally.open:
            return
        frames = await frame_extractions.frames(db, extraction.id, limit=1, offset=0)
        if not tally.done or not frames.total:
            await self._planner.fail_detection(db, detection_id, NOTHING_DECODED)
            return
        file = await video_files.find(db, extraction.file_id)
        if file is None:
            return
        times = times_of(extraction.sampling, info_of(file))
        await face_detections.complete(
            db, detection_id, start_s=times.start_s, end_s=times.end_s, wanted_frames=times.count
        )
        await self._news.of_detection(db, detection_id)
        waiting = await face_matches.waiting(db, detection_id)
        await self._queue.defer_videos(db, [VideoEntry(VideoTask.MATCH, str(match_id)) for match_id in waiting])
