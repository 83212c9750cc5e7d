"""Keeps worker processes running: starts them, starts a new one when one dies, stops them all at the end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from types import TracebackType
from typing import Self

import structlog

from visavis.jobs.worker import GRACE_S

_MAX_PAUSE_S = 30.0

# A worker that has lived so long died of something new, not of what killed it at its start.
_SETTLED_S = 60.0

_log = structlog.get_logger(__name__)


class Supervisor:
    """``count`` worker processes while the block runs."""

    def __init__(self, count: int, *, database_url: str) -> None:
        self._count = count
        # Workers use the database that runs already; they must not start one.
        self._environment = {**os.environ, "VISAVIS_DATABASE_URL": database_url}
        self._keepers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._keepers = [asyncio.create_task(self._keep()) for _ in range(self._count)]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def _keep(self) -> None:
        pause_s = 1.0
        while True:
            process = await self._start()
            began = time.monotonic()
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _stop(process)
                raise
            if time.monotonic() - began > _SETTLED_S:
                pause_s = 1.0
            _log.error("worker died, starting another", pid=process.pid, code=code, pause_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _MAX_PAUSE_S)

    async def _start(self) -> asyncio.subprocess.Process:
        # The pipe is how a worker notices that this process is gone, however it went.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "visavis", "worker", "--stop-with-parent"),
            stdin=asyncio.subprocess.PIPE,
            env=self._environment,
        )
        _log.info("worker started", pid=process.pid)
        return process


async def _stop(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), GRACE_S + 10)
    except TimeoutError:
        _log.warning("worker does not stop, killing it", pid=process.pid)
        process.kill()
        await process.wait()
