"""What a worker and a server know of videos, taken apart: queue entries run one by one, as a test wants them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from visavis.accounts.applications import create_application
from visavis.dialects.cloudglue.events import file_event
from visavis.faces import FaceEngine
from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.media.fetch import Fetcher
from visavis.records import Application
from visavis.store import face_detections, face_matches, frame_extractions, video_files
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.video_records import (
    Appearance,
    Coverage,
    FaceDetection,
    FaceMatch,
    Frame,
    FrameExtraction,
    MatchedFace,
    Sampling,
    VideoFace,
    VideoFile,
)
from visavis.videos.collecting import Collecting
from visavis.videos.erasure import Erasure
from visavis.videos.files import FileWork
from visavis.videos.intake import SourcePicture, VideoIntake
from visavis.videos.looking import Keep, Looked, Looker, Task
from visavis.videos.matching import Matches
from visavis.videos.planning import Planner
from visavis.videos.probes import Probes
from visavis.videos.search_work import SearchWork
from visavis.videos.telling import FileNews
from visavis.videos.units import VideoUnits
from visavis.videos.work import VideoWork

MAX_VIDEO_BYTES = 20_000_000


class WatchedLooker(Looker):
    """The real one; a test may have something happen while frames are looked at, and count how often they are."""

    def __init__(self, engine: FaceEngine, engine_thread: ThreadPoolExecutor) -> None:
        super().__init__(engine, engine_thread)
        self.tasks: list[Task] = []
        self.afterwards: Callable[[Task], None] | None = None

    def look(self, video: BinaryIO, task: Task, keep: Keep | None) -> Looked:
        looked = super().look(video, task, keep)
        self.tasks.append(task)
        if self.afterwards is not None:
            self.afterwards(task)
        return looked


@dataclass
class VideoBench:
    """The parts. Each method is a transaction of its own."""

    application: Application
    database: Database
    queue: Queue
    blobs: Blobs
    folder: Path
    intake: VideoIntake
    erasure: Erasure
    collecting: Collecting
    looker: WatchedLooker
    files: FileWork
    units: VideoUnits
    matches: Matches
    work: VideoWork

    # --- asking -----------------------------------------------------------------------------------------------

    async def upload(self, data: bytes, metadata: Mapping[str, Any] | None = None, name: str = "film.mp4") -> VideoFile:
        """Take in a video; nobody has looked into it yet."""
        async with self.intake.receiving(self.application.organization_id) as upload:
            await upload.write(data)
        async with self.database.transaction() as db:
            return await self.intake.accept_upload(db, self.application, upload, filename=name, metadata=metadata)

    async def film(self, data: bytes, metadata: Mapping[str, Any] | None = None, name: str = "film.mp4") -> VideoFile:
        """Take in a video, and look into it."""
        file = await self.upload(data, metadata, name)
        await self.run_all()
        return await self.file(file.id)

    async def extraction(self, file: VideoFile, sampling: Sampling) -> FrameExtraction:
        async with self.database.transaction() as db:
            return await self.intake.extraction(db, file, sampling)

    async def detection(self, file: VideoFile, frames: FrameExtraction | Sampling) -> FaceDetection:
        async with self.database.transaction() as db:
            return await self.intake.detection(db, file, frames)

    async def match(
        self, file: VideoFile, detection: FaceDetection, source: bytes | str, max_faces: int = 50
    ) -> FaceMatch:
        picture = SourcePicture(data=source) if isinstance(source, bytes) else SourcePicture(url=source)
        async with self.database.transaction() as db:
            return await self.intake.match(db, self.application, file, detection, source=picture, max_faces=max_faces)

    # --- working ----------------------------------------------------------------------------------------------

    async def waiting(self, *tasks: VideoTask) -> list[VideoEntry]:
        """Queue entries, the next first; those for some tasks only, if any are named."""
        async with self.database.transaction() as db:
            cursor = await db.execute(
                "SELECT args, priority, attempts FROM procrastinate_jobs WHERE task_name = 'video' AND status = 'todo'"
                " ORDER BY priority DESC, id"
            )
            entries = [
                VideoEntry(VideoTask(args["task"]), args["subject"], -priority, attempts, args["waits"])
                async for args, priority, attempts in cursor
            ]
        return [entry for entry in entries if not tasks or entry.task in tasks]

    async def take(self, *tasks: VideoTask) -> list[VideoEntry]:
        """Take entries out of the queue without running them."""
        entries = await self.waiting(*tasks)
        for entry in entries:
            await self.execute(
                "DELETE FROM procrastinate_jobs WHERE task_name = 'video' AND args->>'task' = %s"
                " AND args->>'subject' = %s",
                entry.task,
                entry.subject,
            )
        return entries

    async def run_all(self, *tasks: VideoTask) -> int:
        """Run what is in the queue, and what comes of it, until nothing is left; how much it was."""
        count = 0
        while entries := await self.take(*tasks):
            for entry in entries:
                await self.work.run(entry)
            count += len(entries)
        return count

    async def give_up(self, entry: VideoEntry) -> None:
        """Run an entry that has been begun too often."""
        await self.work.run(replace(entry, attempts=99))

    # --- looking ----------------------------------------------------------------------------------------------

    async def file(self, file_id: UUID) -> VideoFile:
        async with self.database.transaction() as db:
            file = await video_files.find(db, file_id)
        assert file is not None
        return file

    async def extraction_now(self, extraction: FrameExtraction) -> FrameExtraction:
        async with self.database.transaction() as db:
            found = await frame_extractions.find(db, extraction.id)
        assert found is not None
        return found

    async def frames(self, extraction_id: UUID) -> list[Frame]:
        async with self.database.transaction() as db:
            return (await frame_extractions.frames(db, extraction_id, limit=10_000, offset=0)).rows

    async def detection_now(self, detection: FaceDetection) -> FaceDetection:
        async with self.database.transaction() as db:
            found = await face_detections.get(db, detection.organization_id, detection.id)
        assert found is not None
        return found

    async def coverage(self, detection: FaceDetection) -> Coverage:
        coverage = (await self.detection_now(detection)).coverage
        assert coverage is not None
        return coverage

    async def faces(self, detection: FaceDetection) -> list[VideoFace]:
        async with self.database.transaction() as db:
            return (await face_detections.faces(db, detection.id, limit=10_000, offset=0)).rows

    async def match_now(self, match: FaceMatch) -> FaceMatch:
        async with self.database.transaction() as db:
            found = await face_matches.get(db, match.organization_id, match.id)
        assert found is not None
        return found

    async def matched(self, match: FaceMatch) -> list[MatchedFace]:
        async with self.database.transaction() as db:
            return (await face_matches.faces(db, match.id, limit=10_000, offset=0)).rows

    async def appearances(self, match: FaceMatch) -> list[Appearance]:
        async with self.database.transaction() as db:
            return await face_matches.appearances(db, match.id)

    async def keys(self) -> set[str]:
        """Where there are blobs."""
        return {entry.key async for entry in self.blobs.entries()}

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        [(rows,)] = await self.rows(f"SELECT count(*) FROM {table}")
        return int(rows)

    async def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Look behind the scenes."""
        async with self.database.transaction() as db:
            cursor = await db.execute(statement, parameters)
            return await cursor.fetchall()

    async def execute(self, statement: str, *parameters: object) -> None:
        """Change something behind everybody's back."""
        async with self.database.transaction() as db:
            await db.execute(statement, parameters)


@asynccontextmanager
async def open_video_bench(
    database: Database, engine: FaceEngine, folder: Path, blobs: Blobs | None = None
) -> AsyncIterator[VideoBench]:
    """The parts over a database, with blobs in a folder."""
    queue = Queue(database.pool)
    await queue.open()
    blobs = blobs or Blobs(folder.as_uri())
    async with database.transaction() as db:
        application, _ = await create_application(db, organization="acme", name="camera")
    news = FileNews(queue, file_event)
    planner = Planner(queue, news)
    intake = VideoIntake(blobs, queue, planner, max_bytes=MAX_VIDEO_BYTES)
    erasure = Erasure(queue, planner, news)
    with ThreadPoolExecutor(1) as engine_thread, ThreadPoolExecutor(1) as video_thread:
        async with Fetcher(timeout_s=5, allow_private=True) as fetcher:
            looker = WatchedLooker(engine, engine_thread)
            probes = Probes(fetcher, engine, engine_thread)
            files = FileWork(database, blobs, fetcher, planner, news, video_thread, max_bytes=MAX_VIDEO_BYTES)
            units = VideoUnits(database, queue, blobs, looker, planner, news, video_thread, model_id=engine.model_id)
            matches = Matches(database, probes, engine.calibration)
            searches = SearchWork(database, probes, engine.calibration)
            work = VideoWork(database, queue, blobs, files=files, units=units, matches=matches, searches=searches)
            yield VideoBench(
                application,
                database,
                queue,
                blobs,
                folder,
                intake,
                erasure,
                Collecting(intake, erasure, news),
                looker,
                files,
                units,
                matches,
                work,
            )
    await queue.close()
