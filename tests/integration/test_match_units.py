"""Units of match jobs: decided once, by the last of them, in whatever order they run and whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from support.people import EILEEN, GRACE, jpeg
from visavis.accounts.applications import create_application
from visavis.accounts.media_links import MediaLinks
from visavis.faces import FaceEngine
from visavis.jobs.intake import AcceptedJob, Intake
from visavis.jobs.queue import Queue, WorkUnit
from visavis.jobs.registry import kinds
from visavis.jobs.requests import MatchRequest, request_to_json
from visavis.jobs.sources import Sources
from visavis.jobs.units import MAX_ATTEMPTS, WorkUnits
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.records import (
    Application,
    Decision,
    ImageStatus,
    Job,
    JobImage,
    JobKind,
    JobStatus,
    NewImage,
    NewJob,
    Role,
)
from visavis.store import decisions, jobs
from visavis.store.blobs import Blobs
from visavis.store.database import Database, Transaction


@dataclass
class Bench:
    """A worker's parts, taken apart."""

    application: Application
    database: Database
    intake: Intake
    units: WorkUnits
    told: list[UUID]  # jobs whose end was made known

    async def accept(self, target: bytes, *pictures: bytes) -> tuple[WorkUnit, list[WorkUnit]]:
        """A match job; the unit of its target, and one for each picture."""
        images = [NewImage(data=target, role=Role.TARGET), *(NewImage(data=data) for data in pictures)]
        request = request_to_json(MatchRequest("person"))
        accepted = await self.intake.accept(self.application, NewJob(JobKind.MATCH, tuple(images), request=request))
        first, *others = units_of(accepted)
        return first, others

    async def look(self, unit: WorkUnit) -> tuple[Job, list[JobImage], list[Decision]]:
        """The job, the pictures it is about and what it says of them."""
        async with self.database.transaction() as db:
            job = await jobs.of_unit(db, unit.job_id)
            assert job is not None
            images = (await jobs.images_of(db, [job.id]))[job.id]
            decided = await decisions.of_jobs(db, [job.id])
        subjects = [image for image in images if image.role == Role.SUBJECT]
        return job, subjects, [decision for image in subjects for decision in decided.get(image.id, ())]

    async def embeddings(self) -> int:
        """How many are kept."""
        async with self.database.transaction() as db:
            cursor = await db.execute("SELECT count(*) FROM probe_face")
            row = await cursor.fetchone()
            assert row is not None
            return int(row[0])

    async def execute(self, statement: str, job_id: UUID) -> None:
        async with self.database.transaction() as db:
            await db.execute(statement, [job_id])  # type: ignore[arg-type]


def units_of(accepted: AcceptedJob) -> list[WorkUnit]:
    return [WorkUnit(accepted.job.id, (image.id,)) for image in accepted.images]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> FaceEngine:
    return FaceEngine.load(cache_dir=tmp_path_factory.mktemp("models"))


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[Bench]:
    queue = Queue(database.pool)
    await queue.open()
    blobs = Blobs((tmp_path / "blobs").as_uri())
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
            yield Bench(application, database, Intake(database, blobs, queue), units, told)
    await queue.close()


@pytest.mark.parametrize("target_comes", ["first", "last"])
async def test_the_last_unit_decides_and_the_embeddings_are_gone(bench: Bench, target_comes: str) -> None:
    target, pictures = await bench.accept(jpeg(EILEEN, 1), jpeg(GRACE), jpeg(EILEEN))
    order = [target, *pictures] if target_comes == "first" else [*pictures, target]
    for unit in order[:-1]:
        await bench.units.run(unit)
    job, _, decided = await bench.look(target)
    assert (job.status, decided) == (JobStatus.IN_PROGRESS, [])
    assert await bench.embeddings() == 2
    await bench.units.run(order[-1])
    job, _, decided = await bench.look(target)
    assert job.status == JobStatus.COMPLETED
    assert [decision.verdict for decision in decided] == [False, True]
    assert await bench.embeddings() == 0
    assert bench.told == [job.id]


async def test_a_unit_that_runs_again_decides_nothing_anew(bench: Bench) -> None:
    target, [picture] = await bench.accept(jpeg(EILEEN, 1), jpeg(EILEEN))
    for unit in (target, picture):
        await bench.units.run(unit)
    before = await bench.look(target)
    for unit in (picture, target):
        await bench.units.run(unit)
    assert await bench.look(target) == before
    assert len(bench.told) == 1


async def test_a_picture_that_was_given_up_does_not_keep_the_others_from_being_decided(bench: Bench) -> None:
    target, [broken, picture] = await bench.accept(jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await bench.units.run(target)
    await bench.units.run(picture)
    await bench.units.run(WorkUnit(broken.job_id, broken.image_ids, attempts=MAX_ATTEMPTS))
    job, images, decided = await bench.look(target)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR, ImageStatus.COMPLETED]
    assert [decision.verdict for decision in decided] == [True]


async def test_even_a_job_that_cannot_be_decided_ends(bench: Bench) -> None:
    target, [picture, last] = await bench.accept(jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await bench.units.run(target)
    await bench.units.run(picture)
    await bench.execute("UPDATE job SET request = '{}' WHERE id = %s", target.job_id)
    with pytest.raises(ValueError, match="object_class"):
        await bench.units.run(last)  # the queue brings it back
    job, images, _ = await bench.look(target)
    assert job.status == JobStatus.IN_PROGRESS
    assert images[1].status == ImageStatus.IN_PROGRESS
    await bench.units.run(WorkUnit(last.job_id, last.image_ids, attempts=MAX_ATTEMPTS))
    job, images, decided = await bench.look(target)
    assert job.status == JobStatus.ALL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR] * 2
    assert decided == []
    assert bench.told == [job.id]


async def test_faces_that_another_model_has_described_are_not_compared(bench: Bench) -> None:
    target, [first, second] = await bench.accept(jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await bench.units.run(first)
    await bench.execute("UPDATE probe_face SET model_id = 'older' WHERE job_id = %s", target.job_id)
    await bench.units.run(second)
    await bench.units.run(target)
    job, images, decided = await bench.look(target)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.MODEL_ERROR, ImageStatus.COMPLETED]
    assert [decision.verdict for decision in decided] == [True]


async def test_a_target_that_another_model_has_described_is_no_target(bench: Bench) -> None:
    target, [picture] = await bench.accept(jpeg(EILEEN, 1), jpeg(EILEEN))
    await bench.units.run(target)
    await bench.execute("UPDATE probe_face SET model_id = 'older' WHERE job_id = %s", target.job_id)
    await bench.units.run(picture)
    job, images, decided = await bench.look(target)
    assert (job.status, images[0].status, decided) == (JobStatus.ALL_ERROR, ImageStatus.JOB_ERROR, [])
    assert await bench.embeddings() == 0
