"""A worker process: takes work units from the queue until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys

import structlog
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from visavis.jobs.queue import Handler, Queue

# Two units at a time: while one is in the engine, the other fetches pictures or commits.
CONCURRENCY = 2

GRACE_S = 20.0
_REQUEUE_EVERY_S = 3.0

_log = structlog.get_logger(__name__)


async def run_worker(queue: Queue, handler: Handler, *, stop_with_parent: bool = False) -> None:
    """Work until SIGINT or SIGTERM, or until the parent process is gone if ``stop_with_parent``.

    A parent that wants that hands a pipe as standard input and keeps its other end open.
    """
    name = f"{platform.node()}-{os.getpid()}"
    working = asyncio.create_task(queue.work(handler, name=name, concurrency=CONCURRENCY, grace_s=GRACE_S))
    helpers = [asyncio.create_task(_requeue_stalled(queue))]
    if stop_with_parent:
        helpers.append(asyncio.create_task(_cancel_at_end_of_input(working)))
    _log.info("worker ready", worker=name)
    try:
        await working
    except asyncio.CancelledError:
        _log.info("worker stopped with its parent", worker=name)
    finally:
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*helpers, return_exceptions=True)


async def _requeue_stalled(queue: Queue) -> None:
    while True:
        with contextlib.suppress(DatabaseError, PoolTimeout):
            requeued = await queue.requeue_stalled()
            if requeued:
                _log.warning("work of dead workers put back", units=requeued)
        await asyncio.sleep(_REQUEUE_EVERY_S)


async def _cancel_at_end_of_input(working: asyncio.Task[None]) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(4096):
        pass
    working.cancel()
