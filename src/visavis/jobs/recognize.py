"""Running a work unit of a recognise job: pictures in, faces at rest, every picture ended exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import structlog

from visavis.errors import (
    DetectionFailed,
    EmbeddingFailed,
    FetchError,
    ImageError,
    NotFound,
    StorageError,
)
from visavis.faces import FaceEngine
from visavis.jobs.analysis import FoundFace, Look, describe, look_at
from visavis.jobs.intake import picture_key
from visavis.jobs.queue import Queue, WorkUnit, wait_before
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.recognition.enrolment import enrol
from visavis.records import ImageStatus, Job, JobImage, NewFace
from visavis.store import jobs, namespaces
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.store.jobs import EndedImage

# So often may a unit take its worker down with it before its pictures are tried one by one, and then given up.
MAX_ATTEMPTS = 4

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What became of one picture: its faces, or why there are none."""

    image: JobImage
    status: ImageStatus
    blob_key: str | None = None
    faces: Sequence[FoundFace] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """A picture's bytes, and where their copy lies."""

    image: JobImage
    key: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A picture whose faces are found, and not yet described."""

    loaded: _Loaded
    look: Look


class RecognizeUnits:
    """Runs work units. One a process; the engine runs in ``engine_thread``, which must have one thread only."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        queue: Queue,
        engine: FaceEngine,
        fetcher: Fetcher,
        engine_thread: Executor,
        *,
        limits: ImageLimits,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._queue = queue
        self._engine = engine
        self._fetcher = fetcher
        self._engine_thread = engine_thread
        self._limits = limits

    async def run(self, unit: WorkUnit) -> None:
        """Work through the pictures of a unit that have not ended. Running it twice changes nothing."""
        async with self._database.transaction() as db:
            job = await jobs.of_unit(db, unit.job_id)
            images = await jobs.open_images(db, unit.job_id, unit.image_ids)
        if job is None or not images:
            return  # erased meanwhile, or done by a worker that died before it could say so
        if unit.attempts >= MAX_ATTEMPTS:
            await self._give_up(job, images)
            return
        try:
            outcomes = await self._outcomes(job, images)
        except StorageError as error:
            # The storage may stay away for hours. That is no fault of the pictures: the unit waits.
            _log.warning("storage does not answer, work unit waits", job=str(job.id), error=str(error))
            await self._put_back(unit)
            return
        await self._commit(job, outcomes)

    async def _outcomes(self, job: Job, images: Sequence[JobImage]) -> list[_Outcome]:
        prefix = f"{job.organization_id}/{job.id}"
        # Addresses are fetched side by side, for most of that is waiting; the engine takes one picture at a time.
        loaded = await asyncio.gather(*(self._load(image, prefix) for image in images))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._engine_thread, self._analyze, loaded)

    async def _load(self, image: JobImage, prefix: str) -> _Loaded | _Outcome:
        try:
            if image.source_url is None and image.blob_key is not None:
                return _Loaded(image, image.blob_key, await self._blobs.get(image.blob_key))
            key = picture_key(prefix, image.id)
            fetched = await self._fetcher.fetch(image.source_url or "")
        except FetchError as error:
            _log.info("picture not fetched", image=str(image.id), error=error.code)
            return _Outcome(image, ImageStatus.DOWNLOAD_ERROR)
        except NotFound:
            _log.error("stored picture is gone", image=str(image.id))
            return _Outcome(image, ImageStatus.UNKNOWN_ERROR)
        await self._blobs.put(key, fetched.data)
        return _Loaded(image, key, fetched.data)

    def _analyze(self, loaded: Sequence[_Loaded | _Outcome]) -> list[_Outcome]:
        """Look at each picture, then describe the faces of all of them together, which is faster."""
        looked = [each if isinstance(each, _Outcome) else self._look(each) for each in loaded]
        seen = [each for each in looked if isinstance(each, _Seen)]
        try:
            found = describe(self._engine, [each.look for each in seen])
        except EmbeddingFailed:
            outcomes = [self._describe_alone(each) for each in seen]
        else:
            outcomes = [_completed(each, faces) for each, faces in zip(seen, found, strict=True)]
        return [each for each in looked if isinstance(each, _Outcome)] + outcomes

    def _look(self, loaded: _Loaded) -> _Seen | _Outcome:
        try:
            return _Seen(loaded, look_at(self._engine, loaded.data, self._limits))
        except ImageError:
            return _Outcome(loaded.image, ImageStatus.FORMAT_ERROR, loaded.key)
        except DetectionFailed:
            return _broken(loaded, ImageStatus.DETECTION_ERROR)
        except Exception:
            return _broken(loaded, ImageStatus.UNKNOWN_ERROR)

    def _describe_alone(self, seen: _Seen) -> _Outcome:
        # One face that cannot be described must not take its neighbours with it.
        try:
            [faces] = describe(self._engine, [seen.look])
        except EmbeddingFailed:
            return _broken(seen.loaded, ImageStatus.MODEL_ERROR)
        return _completed(seen, faces)

    async def _commit(self, job: Job, outcomes: Sequence[_Outcome]) -> None:
        async with self._database.transaction() as db:
            if job.namespace_id is not None:
                await namespaces.lock(db, job.namespace_id)
            await jobs.lock(db, job.id)
            ended = await jobs.end_images(
                db,
                job.id,
                [EndedImage(each.image.id, each.status, each.blob_key) for each in outcomes],
            )
            new = [
                self._new_face(outcome.image.id, face)
                for outcome in outcomes
                if outcome.image.id in ended
                for face in outcome.faces
            ]
            if job.namespace_id is not None:
                await enrol(db, job.namespace_id, self._engine.calibration, new, batch_id=uuid4())
            await jobs.finish(db, job.id)

    def _new_face(self, image_id: UUID, face: FoundFace) -> NewFace:
        return NewFace(
            id=uuid4(),
            job_image_id=image_id,
            box=face.box,
            landmarks_xy=face.landmarks_xy,
            detection_score=face.detection_score,
            sharpness=face.sharpness,
            is_frontal=face.is_frontal,
            width_px=face.crop_size_wh[0],
            height_px=face.crop_size_wh[1],
            model_id=self._engine.model_id,
            embedding=face.embedding,
        )

    async def _give_up(self, job: Job, images: Sequence[JobImage]) -> None:
        """Tell the picture that kills workers from its neighbours; a picture alone that does it has failed."""
        if len(images) == 1:
            _log.error("picture given up", job=str(job.id), image=str(images[0].id))
            await self._commit(job, [_Outcome(images[0], ImageStatus.UNKNOWN_ERROR)])
            return
        _log.warning("work unit split", job=str(job.id), images=len(images))
        async with self._database.transaction() as db:
            await self._queue.defer(db, [WorkUnit(job.id, (image.id,)) for image in images])

    async def _put_back(self, unit: WorkUnit) -> None:
        later = WorkUnit(unit.job_id, unit.image_ids, waits=unit.waits + 1)
        async with self._database.transaction() as db:
            await self._queue.defer(db, [later], delay_s=wait_before(unit.waits).total_seconds())


def _completed(seen: _Seen, faces: Sequence[FoundFace]) -> _Outcome:
    return _Outcome(seen.loaded.image, ImageStatus.COMPLETED, seen.loaded.key, faces)


def _broken(loaded: _Loaded, status: ImageStatus) -> _Outcome:
    """For use in an exception handler: what broke goes into the log, and the picture's neighbours go on."""
    _log.exception("picture not processed", image=str(loaded.image.id), status=status)
    return _Outcome(loaded.image, status, loaded.key)
