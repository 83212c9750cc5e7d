"""Running a work unit, of any kind of job: pictures in, results out, every picture ended exactly once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import structlog

from visavis.errors import StorageError
from visavis.faces import FaceEngine
from visavis.jobs.kinds import Kind, KindOf
from visavis.jobs.pictures import LoadedPicture, Outcome
from visavis.jobs.queue import Queue, WorkUnit, wait_before
from visavis.jobs.sources import Sources
from visavis.media.images import ImageLimits
from visavis.records import ImageStatus, Job, JobImage
from visavis.store import jobs, namespaces
from visavis.store.database import Database, Transaction
from visavis.store.jobs import EndedImage

# So often may a unit take its worker down with it before its pictures are tried one by one, and then given up.
MAX_ATTEMPTS = 4

Told = Callable[[Transaction, Job], Awaitable[None]]

_log = structlog.get_logger(__name__)


class WorkUnits:
    """Runs work units. One a process; the engine runs in ``engine_thread``, which must have one thread only.

    Args:
        kind_of: what is particular to a job.
        tell: makes known that a job has ended, in the transaction that ends it.
    """

    def __init__(
        self,
        database: Database,
        queue: Queue,
        sources: Sources,
        engine: FaceEngine,
        engine_thread: Executor,
        *,
        kind_of: KindOf,
        tell: Told,
        limits: ImageLimits,
    ) -> None:
        self._database = database
        self._queue = queue
        self._sources = sources
        self._engine = engine
        self._engine_thread = engine_thread
        self._kind_of = kind_of
        self._tell = tell
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

    async def _outcomes(self, job: Job, images: Sequence[JobImage]) -> list[Outcome[Any]]:
        # Addresses are fetched side by side, for most of that is waiting; the engine takes one picture at a time.
        results = await asyncio.gather(*(self._sources.load(job, image) for image in images))
        failed = [each for each in results if isinstance(each, Outcome)]
        loaded = deque(each for each in results if isinstance(each, LoadedPicture))
        del results  # or it would hold all bytes until the last picture is done
        analysis = self._kind_of(job).analysis
        loop = asyncio.get_running_loop()
        return failed + await loop.run_in_executor(self._engine_thread, analysis, self._engine, loaded, self._limits)

    async def _commit(self, job: Job, outcomes: Sequence[Outcome[Any]], *, at_any_cost: bool = False) -> None:
        kind = self._kind_of(job)
        async with self._database.transaction() as db:
            if job.namespace_id is not None:
                await namespaces.lock(db, job.namespace_id)
            await jobs.lock(db, job.id)
            ended = await jobs.end_images(
                db,
                job.id,
                [EndedImage(each.image.id, each.status, each.blob_key) for each in outcomes],
            )
            well = [each for each in outcomes if each.image.id in ended and each.status == ImageStatus.COMPLETED]
            if well:
                await kind.keep(db, job, well)
            if await jobs.is_decidable(db, job.id):
                await self._end(db, job, kind, at_any_cost=at_any_cost)

    async def _end(self, db: Transaction, job: Job, kind: Kind[Any], *, at_any_cost: bool) -> None:
        """End the job. What fails here comes again with the unit; at last even a job that nobody can decide ends."""
        try:
            async with db.transaction():
                await kind.decide(db, job)
        except Exception:
            if not at_any_cost:
                raise
            _log.exception("job not decided", job=str(job.id))
            await jobs.fail_subjects(db, job.id, ImageStatus.UNKNOWN_ERROR)
        over = await jobs.finish(db, job.id)
        if over is None:
            return
        try:
            async with db.transaction():
                await self._tell(db, over)
        except Exception:
            if not at_any_cost:
                raise
            _log.exception("nobody is told of the job's end", job=str(job.id))

    async def _give_up(self, job: Job, images: Sequence[JobImage]) -> None:
        """Tell the picture that kills workers from its neighbours; a picture alone that does it has failed."""
        if len(images) == 1:
            _log.error("picture given up", job=str(job.id), image=str(images[0].id))
            await self._commit(job, [Outcome(images[0], ImageStatus.UNKNOWN_ERROR)], at_any_cost=True)
            return
        _log.warning("work unit split", job=str(job.id), images=len(images))
        async with self._database.transaction() as db:
            await self._queue.defer(db, [WorkUnit(job.id, (image.id,)) for image in images])

    async def _put_back(self, unit: WorkUnit) -> None:
        later = WorkUnit(unit.job_id, unit.image_ids, waits=unit.waits + 1)
        async with self._database.transaction() as db:
            await self._queue.defer(db, [later], delay_s=wait_before(unit.waits).total_seconds())
