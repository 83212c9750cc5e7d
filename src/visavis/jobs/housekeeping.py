"""Removing what is old, and what a process left behind when it died at a bad moment."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from visavis.errors import StorageError
from visavis.store import deliveries, jobs
from visavis.store.blobs import Blobs
from visavis.store.database import Database

# Longer than accepting a job can take: its bytes are stored before its row is.
_MIN_AGE = timedelta(hours=1)

# To look into what went wrong. Bodies of events that never arrived tell of people, and are not kept for ever.
_KEEP_DELIVERIES = timedelta(days=30)

_EVERY_S = 24 * 3600.0

_log = structlog.get_logger(__name__)


async def remove_orphans(database: Database, blobs: Blobs, *, min_age: timedelta = _MIN_AGE) -> int:
    """Delete blobs of jobs that do not exist: accepted half, when the server died; how many it were."""
    before = datetime.now(UTC) - min_age
    keys: dict[UUID, list[str]] = defaultdict(list)
    async for entry in blobs.entries():
        job_id = _job_of(entry.key)
        if job_id is not None and entry.modified_at < before:
            keys[job_id].append(entry.key)
    async with database.transaction() as db:
        known = await jobs.existing(db, keys)
    orphans = [key for job_id, each in keys.items() if job_id not in known for key in each]
    await blobs.delete(orphans)
    return len(orphans)


async def remove_old_deliveries(database: Database, *, min_age: timedelta = _KEEP_DELIVERIES) -> int:
    """Delete deliveries that ended long ago; how many it were."""
    async with database.transaction() as db:
        return await deliveries.remove_ended(db, before=datetime.now(UTC) - min_age)


def _job_of(key: str) -> UUID | None:
    """The job a key belongs to; None for what is none of ours, which stays where it is."""
    match key.split("/"):
        case [_, job_id, _]:
            try:
                return UUID(job_id)
            except ValueError:
                return None
        case _:
            return None


RemoveOrphans = Callable[[Database, Blobs], Awaitable[int]]


async def keep_house(database: Database, blobs: Blobs, *others: RemoveOrphans) -> None:
    """Clean up once a day, for ever; ``others`` remove what other rooms have left behind."""
    while True:
        try:
            old = await remove_old_deliveries(database)
            if old:
                _log.info("old deliveries removed", deliveries=old)
            orphans = await remove_orphans(database, blobs)
            for remove in others:
                orphans += await remove(database, blobs)
            if orphans:
                _log.info("orphaned blobs removed", blobs=orphans)
        except (StorageError, DatabaseError, PoolTimeout, OSError) as error:
            _log.warning("could not clean up, trying again tomorrow", error=str(error))
        await asyncio.sleep(_EVERY_S)
