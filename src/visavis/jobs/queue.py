"""The queue of work units: rows in the same PostgreSQL, written in the transaction of what causes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as QueueEntry
from psycopg_pool import AsyncConnectionPool

from visavis.store.database import Transaction

TASK = "work_unit"

# A worker says every other second that it lives; five missed signs, and its work goes to another.
HEARTBEAT_S = 2.0
STALLED_AFTER_S = 10.0

_MAX_WAIT_S = 60


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


Handler = Callable[[WorkUnit], Awaitable[None]]


class _Again(BaseRetryStrategy):
    """Whatever went wrong, the unit comes back; the handler counts the attempts and decides when to give up."""

    def get_retry_decision(self, *, exception: BaseException, job: QueueEntry) -> RetryDecision:
        del exception
        return RetryDecision(retry_in={"seconds": min(2**job.attempts, _MAX_WAIT_S)})


class Queue:
    """Deferring work units, and running them in a worker."""

    def __init__(self, pool: AsyncConnectionPool[Any]) -> None:
        self._pool = pool
        self._app = App(connector=PsycopgConnector())
        self._handler: Handler | None = None
        self._app.task(name=TASK, pass_context=True, retry=_Again())(self._run)

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
        await task.batch_defer_async(*(_payload(unit) for unit in units))

    async def work(self, handler: Handler, *, name: str, concurrency: int, grace_s: float) -> None:
        """Run work units until told to stop (SIGINT, SIGTERM, or cancellation).

        Units that run then have ``grace_s`` to end; after that they go back into the queue.
        """
        self._handler = handler
        await self._app.run_worker_async(
            name=name,
            concurrency=concurrency,
            delete_jobs="successful",
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_AFTER_S,
            fetch_job_polling_interval=2.0,
            shutdown_graceful_timeout=grace_s,
        )

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

    async def depth(self) -> int:
        """How many work units wait or run."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s AND status IN ('todo', 'doing')",
                [TASK],
            )
            row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def _run(self, context: JobContext, *, job_id: str, image_ids: list[str], waits: int = 0) -> None:
        if self._handler is None:
            raise RuntimeError("this process does not run work units")
        unit = WorkUnit(UUID(job_id), tuple(map(UUID, image_ids)), context.job.attempts, waits)
        await self._handler(unit)


def _payload(unit: WorkUnit) -> dict[str, Any]:
    return {
        "job_id": str(unit.job_id),
        "image_ids": [str(image_id) for image_id in unit.image_ids],
        "waits": unit.waits,
    }


def wait_before(waits: int) -> timedelta:
    """How long to leave alone what did not answer."""
    return timedelta(seconds=min(2 ** min(waits, 6), _MAX_WAIT_S))
