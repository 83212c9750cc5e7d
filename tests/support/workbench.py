"""A worker's parts, taken apart: work units run one by one, in any order, as a test wants them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from visavis.accounts.applications import create_application
from visavis.accounts.media_links import MediaLinks
from visavis.faces import FaceEngine
from visavis.jobs.intake import AcceptedJob, Intake
from visavis.jobs.queue import Queue, WorkUnit
from visavis.jobs.registry import kinds
from visavis.jobs.sources import Sources
from visavis.jobs.units import WorkUnits
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.records import Application, Job, JobStatus
from visavis.store.blobs import Blobs
from visavis.store.database import Database, Transaction


@dataclass
class Workbench:
    """The parts. ``told``: jobs whose end was made known, once for each time that it was."""

    application: Application
    database: Database
    queue: Queue
    blobs: Blobs
    folder: Path
    intake: Intake
    units: WorkUnits
    told: list[UUID] = field(default_factory=list)

    async def execute(self, statement: str, *parameters: object) -> None:
        """Change something behind everybody's back."""
        async with self.database.transaction() as db:
            await db.execute(statement, parameters)  # type: ignore[arg-type]


@asynccontextmanager
async def open_workbench(database: Database, engine: FaceEngine, folder: Path) -> AsyncIterator[Workbench]:
    """The parts over a database, with blobs in a folder."""
    queue = Queue(database.pool)
    await queue.open()
    blobs = Blobs(folder.as_uri())
    told: list[UUID] = []

    async def tell(db: Transaction, job: Job) -> None:
        assert job.status != JobStatus.IN_PROGRESS
        told.append(job.id)

    async with database.transaction() as db:
        application, _ = await create_application(db, organization="acme", name="camera")
    with ThreadPoolExecutor(1) as thread:
        async with Fetcher() as fetcher:
            units = WorkUnits(
                database,
                queue,
                Sources(blobs, fetcher, MediaLinks(b"k" * 32)),
                engine,
                thread,
                kind_of=kinds(engine),
                tell=tell,
                limits=ImageLimits(),
            )
            yield Workbench(application, database, queue, blobs, folder, Intake(database, blobs, queue), units, told)
    await queue.close()


def unit_of_each(accepted: AcceptedJob) -> list[WorkUnit]:
    """A unit for every picture of a job."""
    return [WorkUnit(accepted.job.id, (image.id,)) for image in accepted.images]
