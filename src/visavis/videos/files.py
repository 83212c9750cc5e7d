"""Looking into files: fetched if need be, then what they are, then whatever waits for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass
from uuid import UUID

import structlog

from visavis.errors import FetchError, NotFound, VideoError
from visavis.media.crops import encode_jpeg
from visavis.media.fetch import Fetcher
from visavis.media.video_files import VideoFacts, probe_video
from visavis.media.video_frames import sample_frames
from visavis.store import video_files
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.video_records import FileEvent, VideoFile, VideoInfo, VideoStatus
from visavis.videos.intake import Upload
from visavis.videos.layout import file_prefix, original_key, poster_key
from visavis.videos.planning import Planner
from visavis.videos.telling import FileNews

# A video of hours over a slow line.
_FETCH_TIMEOUT_S = 3600.0

_POSTER_AT_S = 1.0
_POSTER_WIDTH_PX = 640
_POSTER_QUALITY = 85

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a file is; ``poster``: a JPEG, if a frame could be decoded."""

    facts: VideoFacts
    poster: bytes | None


class FileWork:
    """Looks into files; ``video_thread`` reads them."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        fetcher: Fetcher,
        planner: Planner,
        news: FileNews,
        video_thread: Executor,
        *,
        max_bytes: int,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._fetcher = fetcher
        self._planner = planner
        self._news = news
        self._video_thread = video_thread
        self._max_bytes = max_bytes

    async def run(self, file_id: UUID) -> None:
        """Look into a file that has not ended. Running it twice changes nothing."""
        async with self._database.transaction() as db:
            file = await video_files.lock(db, file_id)
            if file is None or file.status in (VideoStatus.COMPLETED, VideoStatus.FAILED):
                return
            begun = await video_files.begin(db, file_id)
            if begun is not None:
                await self._news.of_file(db, begun, FileEvent.PROCESSING)
        key = original_key(file.organization_id, file.id)
        try:
            if file.byte_count is None:
                await self._fetch(file, key)
            loop = asyncio.get_running_loop()
            opened = await loop.run_in_executor(self._video_thread, self._open, key)
        except FetchError as error:
            ended = await self._fail(file_id, f"The video could not be fetched: {error.message}")
        except (VideoError, NotFound) as error:
            ended = await self._fail(file_id, error.message)
        else:
            if opened.poster is not None:
                await self._blobs.put(poster_key(file.organization_id, file.id), opened.poster)
            ended = await self._complete(file, opened)
        if not ended:
            await self._remove_if_erased(file)

    async def give_up(self, file_id: UUID) -> None:
        """A file that takes its worker down cannot be used."""
        _log.error("file given up", file=str(file_id))
        await self._fail(file_id, "The video could not be processed.")

    async def _fetch(self, file: VideoFile, key: str) -> None:
        async with self._blobs.writer(key) as sink:
            upload = Upload(file.id, sink, self._max_bytes)
            await self._fetcher.fetch_to(
                file.source_url or "", upload.write, max_bytes=self._max_bytes, timeout_s=_FETCH_TIMEOUT_S
            )
        async with self._database.transaction() as db:
            await video_files.received(db, file.id, byte_count=upload.byte_count, sha256=upload.sha256)

    def _open(self, key: str) -> _Opened:
        with self._blobs.reader(key) as video:
            facts = probe_video(video)
            video.seek(0)
            at_s = min(_POSTER_AT_S, facts.duration_s / 10)
            samples = sample_frames(video, [at_s], max_width_px=_POSTER_WIDTH_PX, seek_points_s=facts.seek_points_s)
            poster = next((encode_jpeg(sample.image_rgb, _POSTER_QUALITY) for sample in samples), None)
        return _Opened(facts, poster)

    async def _complete(self, file: VideoFile, opened: _Opened) -> bool:
        """Whether it is this run that has ended the file."""
        facts = opened.facts
        info = VideoInfo(**{name: getattr(facts, name) for name in VideoInfo.__dataclass_fields__})
        async with self._database.transaction() as db:
            await video_files.lock(db, file.id)
            completed = await video_files.complete(
                db, file.id, info, seek_points_s=facts.seek_points_s, has_poster=opened.poster is not None
            )
            if completed is not None:
                await self._news.of_file(db, completed, FileEvent.COMPLETED)
                await self._planner.begin_waiting(db, completed)
        return completed is not None

    async def _fail(self, file_id: UUID, failure: str) -> bool:
        """Whether it is this run that has ended the file."""
        async with self._database.transaction() as db:
            await video_files.lock(db, file_id)
            failed = await video_files.fail(db, file_id, failure)
            if failed is not None:
                await self._news.of_file(db, failed, FileEvent.FAILED)
                await self._planner.fail_all(db, failed, failure)
        return failed is not None

    async def _remove_if_erased(self, file: VideoFile) -> None:
        """What was stored after the file had been erased, and its blobs with it, would stay for good."""
        async with self._database.transaction() as db:
            is_there = bool(await video_files.existing(db, [file.id]))
        if not is_there:
            await self._blobs.delete_prefix(file_prefix(file.organization_id, file.id))
