"""Work units and deliveries in queues: rows in the same PostgreSQL, written in the transaction of what causes them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as QueueEntry
from procrastinate.signals import on_stop
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from visavis.store.database import Transaction

TASK = "work_unit"
DELIVERY_TASK = "delivery"
VIDEO_TASK = "video"

# Queues with workers of their own: a receiver that hangs holds up no picture, and neither do the minutes of a video.
_PICTURES = "default"
_WEBHOOKS = "webhooks"
_VIDEOS = "videos"

# A worker says every other second that it lives; five missed signs, and its work goes to another.
HEARTBEAT_S = 2.0
STALLED_AFTER_S = 10.0

_MAX_WAIT_S = 60

# New work units announce themselves, so that looking for them is for what was put off. Deliveries are looked for only:
# the first repetition is due after a second anyway, and listening would cost each process one more connection.
_LOOK_FOR_UNITS_EVERY_S = 2.0
_LOOK_FOR_DELIVERIES_EVERY_S = 0.5
_LOOK_FOR_VIDEOS_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A few pictures of one job, which one worker takes at a time.

    ``attempts`` counts how often it was begun and not ended: the worker died, or an error nobody foresaw.
    ``waits`` counts how often it was put back because a part outside (the storage) did not answer.
    """

    job_id: UUID
    image_ids: tuple[UUID, ...]
    attempts: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a delivery; the first has the number 1.

    An entry whose attempt was made already is void, so that it does no harm to have two of the same.
    """

    delivery_id: UUID
    number: int = 1


class VideoTask(StrEnum):
    """What is to be done about videos."""

    FILE = "file"  # look into a file
    FRAMES = "frames"  # a work unit: look at some frames
    MATCH = "match"  # describe a match's picture, and decide it once the faces are there
    SEARCH = "search"
    ERASE = "erase"  # remove blobs


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """Something to be done about videos: ``subject`` is the id of what it is about, or where the blobs to erase are.

    ``attempts`` and ``waits`` are those of a ``WorkUnit``. Of two entries that wait, the one with the much lower
    ``position`` (half of the other's, or less) goes first, so that a long video does not hold up a short one.
    """

    task: VideoTask
    subject: str
    position: int = 0
    attempts: int = 0
    waits: int = 0


# Somebody waits for these, and they take no longer than a picture.
_QUICK = (VideoTask.MATCH, VideoTask.SEARCH)

Handler = Callable[[WorkUnit], Awaitable[None]]
AttemptHandler = Callable[[Attempt], Awaitable[None]]
VideoHandler = Callable[[VideoEntry], Awaitable[None]]


class _Again(BaseRetryStrategy):
    """Whatever went wrong, the entry comes back; the handler counts the attempts and decides when to give up."""

    def get_retry_decision(self, *, exception: BaseException, job: QueueEntry) -> RetryDecision:
        del exception
        return RetryDecision(retry_in={"seconds": min(2**job.attempts, _MAX_WAIT_S)})


class Queue:
    """Deferring work units and deliveries, and running them in a worker."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool
        self._app = App(connector=PsycopgConnector())
        self._run_unit: Handler | None = None
        self._run_attempt: AttemptHandler | None = None
        self._run_video: VideoHandler | None = None
        self._app.task(name=TASK, queue=_PICTURES, pass_context=True, retry=_Again())(self._unit)
        self._app.task(name=DELIVERY_TASK, queue=_WEBHOOKS, retry=_Again())(self._attempt)
        self._app.task(name=VIDEO_TASK, queue=_VIDEOS, pass_context=True, retry=_Again())(self._video)

    async def open(self) -> None:
        """Share the database's pool, which is open."""
        await self._app.open_async(self._pool)

    async def close(self) -> None:
        await self._app.close_async()

    async def defer(self, db: Transaction, units: Sequence[WorkUnit], *, delay_s: float = 0) -> None:
        """Put work units into the queue; they are there when the caller's transaction commits."""
        task = self._app.configure_task(
            TASK,
            connection=db,
            schedule_in={"seconds": delay_s} if delay_s else None,
        )
        await task.batch_defer_async(*(_unit_payload(unit) for unit in units))

    async def defer_attempts(self, db: Transaction, attempts: Sequence[Attempt], *, delay_s: float = 0) -> None:
        """Put attempts of deliveries into the queue; they are there when the caller's transaction commits."""
        by_number: dict[int, list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            by_number[attempt.number].append(attempt)
        for number, alike in by_number.items():
            task = self._app.configure_task(
                DELIVERY_TASK,
                connection=db,
                schedule_in={"seconds": delay_s} if delay_s else None,
                # First attempts go first: addresses that are down hold up the others least.
                priority=-number,
            )
            await task.batch_defer_async(*(_attempt_payload(each) for each in alike))

    async def defer_videos(self, db: Transaction, entries: Sequence[VideoEntry], *, delay_s: float = 0) -> None:
        """Put what is to be done about videos into the queue; it is there when the caller's transaction commits."""
        alike: dict[tuple[str, int], list[VideoEntry]] = defaultdict(list)
        for entry in entries:
            # Few priorities, or the thousand units of a long video could not be put in together.
            place = _PICTURES if entry.task in _QUICK else _VIDEOS, -entry.position.bit_length()
            alike[place].append(entry)
        for (queue, priority), together in alike.items():
            task = self._app.configure_task(
                VIDEO_TASK,
                queue=queue,
                connection=db,
                schedule_in={"seconds": delay_s} if delay_s else None,
                priority=priority,
            )
            await task.batch_defer_async(*(_video_payload(entry) for entry in together))

    async def work(
        self,
        run_unit: Handler,
        run_attempt: AttemptHandler,
        run_video: VideoHandler,
        *,
        name: str,
        units_at_once: int,
        attempts_at_once: int,
        grace_s: float,
    ) -> None:
        """Run work units, deliveries and what is to be done about videos until told to stop (SIGINT, SIGTERM, or
        cancellation).

        What runs then has ``grace_s`` to end; after that it goes back into the queue.
        """
        self._run_unit = run_unit
        self._run_attempt = run_attempt
        self._run_video = run_video

        def worker(queue: str, *, concurrency: int, look_every_s: float, listen: bool) -> Worker:
            return Worker(
                self._app,
                queues=[queue],
                name=name,
                concurrency=concurrency,
                delete_jobs="successful",
                update_heartbeat_interval=HEARTBEAT_S,
                stalled_worker_timeout=STALLED_AFTER_S,
                fetch_job_polling_interval=look_every_s,
                listen_notify=listen,
                shutdown_graceful_timeout=grace_s,
                install_signal_handlers=False,
            )

        pictures = worker(_PICTURES, concurrency=units_at_once, look_every_s=_LOOK_FOR_UNITS_EVERY_S, listen=True)
        webhooks = worker(
            _WEBHOOKS, concurrency=attempts_at_once, look_every_s=_LOOK_FOR_DELIVERIES_EVERY_S, listen=False
        )
        # One a process: its frames share the engine with pictures, one by one.
        videos = worker(_VIDEOS, concurrency=1, look_every_s=_LOOK_FOR_VIDEOS_EVERY_S, listen=False)
        await _run_side_by_side([pictures, webhooks, videos])

    async def requeue_stalled(self) -> int:
        """Put work back whose worker has died; how much it was."""
        manager = self._app.job_manager
        requeued = 0
        for entry in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S):
            try:
                await manager.retry_job(entry)
            except ConnectorException:  # another worker was faster
                continue
            requeued += 1
        return requeued

    async def depth(self, db: Transaction) -> int:
        """How many work units wait or run."""
        cursor = await db.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = ANY(%s) AND status IN ('todo', 'doing')",
            [[TASK, VIDEO_TASK]],
        )
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def _unit(self, context: JobContext, *, job_id: str, image_ids: list[str], waits: int = 0) -> None:
        if self._run_unit is None:
            raise RuntimeError("this process does not run work units")
        unit = WorkUnit(UUID(job_id), tuple(map(UUID, image_ids)), context.job.attempts, waits)
        await self._run_unit(unit)

    async def _attempt(self, *, delivery_id: str, number: int) -> None:
        if self._run_attempt is None:
            raise RuntimeError("this process does not deliver")
        await self._run_attempt(Attempt(UUID(delivery_id), number))

    async def _video(self, context: JobContext, *, task: str, subject: str, position: int, waits: int) -> None:
        if self._run_video is None:
            raise RuntimeError("this process does not look at videos")
        await self._run_video(VideoEntry(VideoTask(task), subject, position, context.job.attempts, waits))


async def _run_side_by_side(workers: Sequence[Worker]) -> None:
    """Run until told to stop, or until one of them ends: a process that does half of its work helps nobody."""

    def stop() -> None:
        for worker in workers:
            worker.stop()  # type: ignore[no-untyped-call]

    # One handler for all: had each its own, the last would be the only one to hear of a signal.
    with on_stop(stop):
        runs = [asyncio.create_task(worker.run()) for worker in workers]  # type: ignore[no-untyped-call]
        try:
            await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop()
            await asyncio.gather(*runs, return_exceptions=True)
    for run in runs:
        run.result()


def _unit_payload(unit: WorkUnit) -> dict[str, Any]:
    return {
        "job_id": str(unit.job_id),
        "image_ids": [str(image_id) for image_id in unit.image_ids],
        "waits": unit.waits,
    }


def _attempt_payload(attempt: Attempt) -> dict[str, Any]:
    return {"delivery_id": str(attempt.delivery_id), "number": attempt.number}


def _video_payload(entry: VideoEntry) -> dict[str, Any]:
    return {"task": entry.task.value, "subject": entry.subject, "position": entry.position, "waits": entry.waits}


def wait_before(waits: int) -> timedelta:
    """How long to leave alone what did not answer."""
    return timedelta(seconds=min(2 ** min(waits, 6), _MAX_WAIT_S))
