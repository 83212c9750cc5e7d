"""Work units by themselves: run twice, run after crashes, run while the storage is away."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from procrastinate.exceptions import ConnectorException

from support.workbench import Workbench
from visavis import samples
from visavis.jobs.housekeeping import remove_orphans
from visavis.jobs.intake import AcceptedJob
from visavis.jobs.queue import WorkUnit
from visavis.jobs.units import MAX_ATTEMPTS
from visavis.records import Face, ImageStatus, Job, JobImage, JobKind, JobStatus, NewImage, NewJob, Search
from visavis.store import faces, jobs


async def accept(workbench: Workbench, *images: bytes | str) -> AcceptedJob:
    """Accept a job of pictures given as bytes or as addresses."""
    new = [NewImage(data=each) if isinstance(each, bytes) else NewImage(source_url=each) for each in images]
    job = NewJob(JobKind.RECOGNIZE, tuple(new))
    return await workbench.intake.accept(workbench.application, job, namespace="office")


async def look(workbench: Workbench, accepted: AcceptedJob) -> tuple[Job, list[JobImage], list[Face]]:
    """The job, its pictures and the faces of its namespace as they are now."""
    async with workbench.database.transaction() as db:
        job = await jobs.of_unit(db, accepted.job.id)
        images = await jobs.images_of(db, [accepted.job.id])
        assert job is not None
        assert job.namespace_id is not None
        found = await faces.search(db, job.namespace_id, Search(limit=100))
    return job, images[job.id], found


async def waiting_units(workbench: Workbench) -> list[tuple[list[UUID], int, float]]:
    """Of each queue entry: its pictures, how often it was put back, in how many seconds it may run."""
    async with workbench.database.transaction() as db:
        cursor = await db.execute(
            "SELECT args, extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs ORDER BY id"
        )
        return [
            ([UUID(each) for each in args["image_ids"]], args["waits"], float(delay or 0))
            async for args, delay in cursor
        ]


def unit_of(accepted: AcceptedJob, **changes: int) -> WorkUnit:
    unit = WorkUnit(accepted.job.id, tuple(image.id for image in accepted.images))
    return replace(unit, **changes) if changes else unit


def portrait(number: int = 0) -> bytes:
    return samples.views(samples.PEOPLE[0], number + 1, side_px=256)[number].jpeg


async def test_a_unit_that_runs_twice_leaves_what_it_left_the_first_time(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait(0), portrait(1))
    await workbench.units.run(unit_of(accepted))
    first = await look(workbench, accepted)
    assert first[0].status == JobStatus.COMPLETED
    assert len(first[2]) == 2
    await workbench.units.run(unit_of(accepted))
    assert await look(workbench, accepted) == first


async def test_a_unit_that_runs_in_two_workers_at_once_counts_once(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait(0), portrait(1), portrait(2))
    await asyncio.gather(*(workbench.units.run(unit_of(accepted)) for _ in range(3)))
    job, images, found = await look(workbench, accepted)
    assert job.status == JobStatus.COMPLETED
    assert [image.status for image in images] == [ImageStatus.COMPLETED] * 3
    assert len(found) == 3


async def test_a_job_ends_when_its_last_unit_does_and_says_what_failed(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait(), b"no picture", "http://127.0.0.1/private.jpg")
    first, *others = (WorkUnit(accepted.job.id, (image.id,)) for image in accepted.images)
    for unit in others:
        await workbench.units.run(unit)
        job, _, _ = await look(workbench, accepted)
        assert job.status == JobStatus.IN_PROGRESS
    await workbench.units.run(first)
    job, images, _ = await look(workbench, accepted)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert job.ended_at is not None
    assert [image.status for image in images] == [
        ImageStatus.COMPLETED,
        ImageStatus.FORMAT_ERROR,
        ImageStatus.DOWNLOAD_ERROR,
    ]


async def test_a_unit_that_keeps_killing_its_worker_is_split_and_then_given_up(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait(0), portrait(1))
    queued = len(await waiting_units(workbench))
    await workbench.units.run(unit_of(accepted, attempts=MAX_ATTEMPTS))
    split = (await waiting_units(workbench))[queued:]
    assert [image_ids for image_ids, _, _ in split] == [[image.id] for image in accepted.images]
    alone = WorkUnit(accepted.job.id, (accepted.images[0].id,), attempts=MAX_ATTEMPTS)
    await workbench.units.run(alone)
    await workbench.units.run(WorkUnit(accepted.job.id, (accepted.images[1].id,)))
    job, images, _ = await look(workbench, accepted)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR, ImageStatus.COMPLETED]


async def test_while_the_storage_is_away_a_unit_waits_and_nothing_fails(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait())
    away = workbench.folder.rename(workbench.folder.with_name("away"))
    workbench.folder.write_text("not a folder")
    queued = len(await waiting_units(workbench))
    await workbench.units.run(unit_of(accepted, waits=3))
    [(image_ids, waits, delay_s)] = (await waiting_units(workbench))[queued:]
    assert image_ids == [accepted.images[0].id]
    assert waits == 4
    assert 0 < delay_s <= 60
    job, _, _ = await look(workbench, accepted)
    assert job.status == JobStatus.IN_PROGRESS
    workbench.folder.unlink()
    away.rename(workbench.folder)
    await workbench.units.run(unit_of(accepted, waits=waits))
    job, _, found = await look(workbench, accepted)
    assert job.status == JobStatus.COMPLETED
    assert len(found) == 1


async def test_a_job_that_cannot_be_queued_is_not_accepted_and_leaves_no_bytes(workbench: Workbench) -> None:
    async with workbench.database.transaction() as db:
        await db.execute("ALTER TABLE procrastinate_jobs RENAME TO gone")
    with pytest.raises(ConnectorException):
        await accept(workbench, portrait())
    async with workbench.database.transaction() as db:
        cursor = await db.execute("SELECT count(*) FROM job")
        assert await cursor.fetchone() == (0,)
    assert [entry async for entry in workbench.blobs.entries()] == []


async def test_bytes_of_a_job_that_was_never_committed_are_removed_after_a_while(workbench: Workbench) -> None:
    accepted = await accept(workbench, portrait())
    orphan = f"{workbench.application.organization_id}/{uuid4()}/{uuid4()}"
    await workbench.blobs.put(orphan, b"left behind")
    await workbench.blobs.put("somebody/elses/file", b"not ours to remove")
    assert await remove_orphans(workbench.database, workbench.blobs) == 0  # it may be a job that is being accepted
    old = time.time() - timedelta(hours=2).total_seconds()
    for path in workbench.folder.rglob("*"):
        os.utime(path, (old, old))
    assert await remove_orphans(workbench.database, workbench.blobs) == 1
    left = {entry.key async for entry in workbench.blobs.entries()}
    assert left == {accepted.images[0].blob_key, "somebody/elses/file"}
