"""A worker process: takes work units and deliveries from their queues until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import signal
import sys

import structlog
from procrastinate.exceptions import ConnectorException
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from visavis.jobs.queue import AttemptHandler, Handler, Queue, VideoHandler

# Two units at a time: while one is in the engine, the other fetches pictures or commits.
CONCURRENCY = 2

# Deliveries do little but wait for receivers.
ATTEMPTS_AT_ONCE = 16

# Units hold a connection each while they commit. Deliveries hold none while they wait, so that two serve all of them.
# One is for the video in hand. Then the three queues' own statements, and one to spare. (One more, outside the pool,
# listens for new work units.)
CONNECTIONS = CONCURRENCY + 2 + 1 + 3 + 1

GRACE_S = 20.0
_REQUEUE_EVERY_S = 3.0

_log = structlog.get_logger(__name__)


async def run_worker(
    queue: Queue,
    run_unit: Handler,
    run_attempt: AttemptHandler,
    run_video: VideoHandler,
    *,
    stop_with_parent: bool = False,
) -> None:
    """Work until SIGINT or SIGTERM, or until the parent process is gone if ``stop_with_parent``.

    A parent that wants that hands a pipe as standard input and keeps its other end open.
    """
    name = f"{platform.node()}-{os.getpid()}"
    stopping = asyncio.Event()
    helpers = [asyncio.create_task(_requeue_stalled(queue, stopping))]
    if stop_with_parent:
        helpers.append(asyncio.create_task(_stop_at_end_of_input()))
    _log.info("worker ready", worker=name)
    try:
        await queue.work(
            run_unit,
            run_attempt,
            run_video,
            name=name,
            units_at_once=CONCURRENCY,
            attempts_at_once=ATTEMPTS_AT_ONCE,
            grace_s=GRACE_S,
        )
    finally:
        stopping.set()
        await helpers[0]
        for helper in helpers[1:]:
            helper.cancel()
    _log.info("worker stopped", worker=name)


async def _requeue_stalled(queue: Queue, stopping: asyncio.Event) -> None:
    # Told to stop by an event: cancelling a task in the middle of a statement may pass unnoticed.
    while not stopping.is_set():
        with contextlib.suppress(DatabaseError, PoolTimeout, ConnectorException):
            requeued = await queue.requeue_stalled()
            if requeued:
                _log.warning("work of dead workers put back", entries=requeued)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _REQUEUE_EVERY_S)


async def _stop_at_end_of_input() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
    # The same way out as a stop by hand: what runs is ended, or put back.
    os.kill(os.getpid(), signal.SIGTERM)
