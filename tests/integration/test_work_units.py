"""Work units by themselves: run twice, run after crashes, run while the storage is away."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from procrastinate.exceptions import ConnectorException

from visavis import samples
from visavis.accounts.applications import create_application
from visavis.accounts.media_links import MediaLinks
from visavis.faces import FaceEngine
from visavis.jobs.housekeeping import remove_orphans
from visavis.jobs.intake import AcceptedJob, Intake
from visavis.jobs.queue import Queue, WorkUnit
from visavis.jobs.registry import kinds
from visavis.jobs.sources import Sources
from visavis.jobs.units import MAX_ATTEMPTS, WorkUnits
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.records import Application, Face, ImageStatus, Job, JobImage, JobKind, JobStatus, NewImage, NewJob, Search
from visavis.store import faces, jobs
from visavis.store.blobs import Blobs
from visavis.store.database import Database, Transaction


@dataclass
class Bench:
    """A worker's parts, taken apart."""

    application: Application
    database: Database
    queue: Queue
    blobs: Blobs
    folder: Path
    intake: Intake
    units: WorkUnits

    async def accept(self, *images: bytes | str) -> AcceptedJob:
        """Accept a job of pictures given as bytes or as addresses."""
        new = [NewImage(data=each) if isinstance(each, bytes) else NewImage(source_url=each) for each in images]
        return await self.intake.accept(self.application, NewJob(JobKind.RECOGNIZE, tuple(new)), namespace="office")

    async def look(self, accepted: AcceptedJob) -> tuple[Job, list[JobImage], list[Face]]:
        """The job, its pictures and the faces of its namespace as they are now."""
        async with self.database.transaction() as db:
            job = await jobs.of_unit(db, accepted.job.id)
            images = await jobs.images_of(db, [accepted.job.id])
            assert job is not None
            assert job.namespace_id is not None
            found = await faces.search(db, job.namespace_id, Search(limit=100))
        return job, images[job.id], found

    async def waiting_units(self) -> list[tuple[list[UUID], int, float]]:
        """Of each queue entry: its pictures, how often it was put back, in how many seconds it may run."""
        async with self.database.transaction() as db:
            cursor = await db.execute(
                "SELECT args, extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs ORDER BY id"
            )
            return [
                ([UUID(each) for each in args["image_ids"]], args["waits"], float(delay or 0))
                async for args, delay in cursor
            ]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FaceEngine:
    return FaceEngine.load(cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[Bench]:
    queue = Queue(database.pool)
    await queue.open()
    folder = tmp_path / "blobs"
    blobs = Blobs(folder.as_uri())
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
                tell=tell_nobody,
                limits=ImageLimits(),
            )
            yield Bench(application, database, queue, blobs, folder, Intake(database, blobs, queue), units)
    await queue.close()


async def tell_nobody(db: Transaction, job: Job) -> None:
    """These jobs have no webhook."""
    assert job.webhook_url is None


def unit_of(accepted: AcceptedJob, **changes: int) -> WorkUnit:
    unit = WorkUnit(accepted.job.id, tuple(image.id for image in accepted.images))
    return replace(unit, **changes) if changes else unit


def portrait(number: int = 0) -> bytes:
    return samples.views(samples.PEOPLE[0], number + 1, side_px=256)[number].jpeg


async def test_a_unit_that_runs_twice_leaves_what_it_left_the_first_time(bench: Bench) -> None:
    accepted = await bench.accept(portrait(0), portrait(1))
    await bench.units.run(unit_of(accepted))
    first = await bench.look(accepted)
    assert first[0].status == JobStatus.COMPLETED
    assert len(first[2]) == 2
    await bench.units.run(unit_of(accepted))
    assert await bench.look(accepted) == first


async def test_a_unit_that_runs_in_two_workers_at_once_counts_once(bench: Bench) -> None:
    accepted = await bench.accept(portrait(0), portrait(1), portrait(2))
    await asyncio.gather(*(bench.units.run(unit_of(accepted)) for _ in range(3)))
    job, images, found = await bench.look(accepted)
    assert job.status == JobStatus.COMPLETED
    assert [image.status for image in images] == [ImageStatus.COMPLETED] * 3
    assert len(found) == 3


async def test_a_job_ends_when_its_last_unit_does_and_says_what_failed(bench: Bench) -> None:
    accepted = await bench.accept(portrait(), b"no picture", "http://127.0.0.1/private.jpg")
    first, *others = (WorkUnit(accepted.job.id, (image.id,)) for image in accepted.images)
    for unit in others:
        await bench.units.run(unit)
        job, _, _ = await bench.look(accepted)
        assert job.status == JobStatus.IN_PROGRESS
    await bench.units.run(first)
    job, images, _ = await bench.look(accepted)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert job.ended_at is not None
    assert [image.status for image in images] == [
        ImageStatus.COMPLETED,
        ImageStatus.FORMAT_ERROR,
        ImageStatus.DOWNLOAD_ERROR,
    ]


async def test_a_unit_that_keeps_killing_its_worker_is_split_and_then_given_up(bench: Bench) -> None:
    accepted = await bench.accept(portrait(0), portrait(1))
    queued = len(await bench.waiting_units())
    await bench.units.run(unit_of(accepted, attempts=MAX_ATTEMPTS))
    split = (await bench.waiting_units())[queued:]
    assert [image_ids for image_ids, _, _ in split] == [[image.id] for image in accepted.images]
    alone = WorkUnit(accepted.job.id, (accepted.images[0].id,), attempts=MAX_ATTEMPTS)
    await bench.units.run(alone)
    await bench.units.run(WorkUnit(accepted.job.id, (accepted.images[1].id,)))
    job, images, _ = await bench.look(accepted)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR, ImageStatus.COMPLETED]


async def test_while_the_storage_is_away_a_unit_waits_and_nothing_fails(bench: Bench) -> None:
    accepted = await bench.accept(portrait())
    away = bench.folder.rename(bench.folder.with_name("away"))
    bench.folder.write_text("not a folder")
    queued = len(await bench.waiting_units())
    await bench.units.run(unit_of(accepted, waits=3))
    [(image_ids, waits, delay_s)] = (await bench.waiting_units())[queued:]
    assert image_ids == [accepted.images[0].id]
    assert waits == 4
    assert 0 < delay_s <= 60
    job, _, _ = await bench.look(accepted)
    assert job.status == JobStatus.IN_PROGRESS
    bench.folder.unlink()
    away.rename(bench.folder)
    await bench.units.run(unit_of(accepted, waits=waits))
    job, _, found = await bench.look(accepted)
    assert job.status == JobStatus.COMPLETED
    assert len(found) == 1


async def test_a_job_that_cannot_be_queued_is_not_accepted_and_leaves_no_bytes(bench: Bench) -> None:
    async with bench.database.transaction() as db:
        await db.execute("ALTER TABLE procrastinate_jobs RENAME TO gone")
    with pytest.raises(ConnectorException):
        await bench.accept(portrait())
    async with bench.database.transaction() as db:
        cursor = await db.execute("SELECT count(*) FROM job")
        assert await cursor.fetchone() == (0,)
    assert [entry async for entry in bench.blobs.entries()] == []


async def test_bytes_of_a_job_that_was_never_committed_are_removed_after_a_while(bench: Bench) -> None:
    accepted = await bench.accept(portrait())
    orphan = f"{bench.application.organization_id}/{uuid4()}/{uuid4()}"
    await bench.blobs.put(orphan, b"left behind")
    await bench.blobs.put("somebody/elses/file", b"not ours to remove")
    assert await remove_orphans(bench.database, bench.blobs) == 0  # it may be a job that is being accepted
    old = time.time() - timedelta(hours=2).total_seconds()
    for path in bench.folder.rglob("*"):
        os.utime(path, (old, old))
    assert await remove_orphans(bench.database, bench.blobs) == 1
    left = {entry.key async for entry in bench.blobs.entries()}
    assert left == {accepted.images[0].blob_key, "somebody/elses/file"}
