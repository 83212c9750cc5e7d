"""Units of match jobs: decided once, by the last of them, in whatever order they run and whatever goes wrong."""

from __future__ import annotations

import pytest

from support.people import EILEEN, GRACE, jpeg
from support.workbench import Workbench, unit_of_each
from visavis.jobs.queue import WorkUnit
from visavis.jobs.requests import MatchRequest, request_to_json
from visavis.jobs.units import MAX_ATTEMPTS
from visavis.records import Decision, ImageStatus, Job, JobImage, JobKind, JobStatus, NewImage, NewJob, Role
from visavis.store import decisions, jobs


async def accept(workbench: Workbench, target: bytes, *pictures: bytes) -> tuple[WorkUnit, list[WorkUnit]]:
    """A match job; the unit of its target, and one for each picture."""
    images = [NewImage(data=target, role=Role.TARGET), *(NewImage(data=data) for data in pictures)]
    new = NewJob(JobKind.MATCH, tuple(images), request=request_to_json(MatchRequest("person")))
    first, *others = unit_of_each(await workbench.intake.accept(workbench.application, new))
    return first, others


async def look(workbench: Workbench, unit: WorkUnit) -> tuple[Job, list[JobImage], list[Decision]]:
    """The job, the pictures it is about and what it says of them."""
    async with workbench.database.transaction() as db:
        job = await jobs.of_unit(db, unit.job_id)
        assert job is not None
        images = (await jobs.images_of(db, [job.id]))[job.id]
        decided = await decisions.of_jobs(db, [job.id])
    subjects = [image for image in images if image.role == Role.SUBJECT]
    return job, subjects, [decision for image in subjects for decision in decided.get(image.id, ())]


async def kept_embeddings(workbench: Workbench) -> int:
    """How many are kept for jobs that are not decided."""
    async with workbench.database.transaction() as db:
        cursor = await db.execute("SELECT count(*) FROM probe_face")
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("target_comes", ["first", "last"])
async def test_the_last_unit_decides_and_the_embeddings_are_gone(workbench: Workbench, target_comes: str) -> None:
    target, pictures = await accept(workbench, jpeg(EILEEN, 1), jpeg(GRACE), jpeg(EILEEN))
    order = [target, *pictures] if target_comes == "first" else [*pictures, target]
    for unit in order[:-1]:
        await workbench.units.run(unit)
    job, _, decided = await look(workbench, target)
    assert (job.status, decided) == (JobStatus.IN_PROGRESS, [])
    assert await kept_embeddings(workbench) == 2
    await workbench.units.run(order[-1])
    job, _, decided = await look(workbench, target)
    assert job.status == JobStatus.COMPLETED
    assert [decision.verdict for decision in decided] == [False, True]
    assert await kept_embeddings(workbench) == 0
    assert workbench.told == [job.id]


async def test_a_unit_that_runs_again_decides_nothing_anew(workbench: Workbench) -> None:
    target, [picture] = await accept(workbench, jpeg(EILEEN, 1), jpeg(EILEEN))
    for unit in (target, picture):
        await workbench.units.run(unit)
    before = await look(workbench, target)
    for unit in (picture, target):
        await workbench.units.run(unit)
    assert await look(workbench, target) == before
    assert len(workbench.told) == 1


async def test_a_picture_that_was_given_up_does_not_keep_the_others_from_being_decided(workbench: Workbench) -> None:
    target, [broken, picture] = await accept(workbench, jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await workbench.units.run(target)
    await workbench.units.run(picture)
    await workbench.units.run(WorkUnit(broken.job_id, broken.image_ids, attempts=MAX_ATTEMPTS))
    job, images, decided = await look(workbench, target)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR, ImageStatus.COMPLETED]
    assert [decision.verdict for decision in decided] == [True]


async def test_even_a_job_that_cannot_be_decided_ends(workbench: Workbench) -> None:
    target, [picture, last] = await accept(workbench, jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await workbench.units.run(target)
    await workbench.units.run(picture)
    await workbench.execute("UPDATE job SET request = '{}' WHERE id = %s", target.job_id)
    with pytest.raises(ValueError, match="object_class"):
        await workbench.units.run(last)  # the queue brings it back
    job, images, _ = await look(workbench, target)
    assert job.status == JobStatus.IN_PROGRESS
    assert images[1].status == ImageStatus.IN_PROGRESS
    await workbench.units.run(WorkUnit(last.job_id, last.image_ids, attempts=MAX_ATTEMPTS))
    job, images, decided = await look(workbench, target)
    assert job.status == JobStatus.ALL_ERROR
    assert [image.status for image in images] == [ImageStatus.UNKNOWN_ERROR] * 2
    assert decided == []
    assert workbench.told == [job.id]


async def test_faces_that_another_model_has_described_are_not_compared(workbench: Workbench) -> None:
    target, [first, second] = await accept(workbench, jpeg(EILEEN, 1), jpeg(EILEEN), jpeg(EILEEN, 2))
    await workbench.units.run(first)
    await workbench.execute("UPDATE probe_face SET model_id = 'older' WHERE job_id = %s", target.job_id)
    await workbench.units.run(second)
    await workbench.units.run(target)
    job, images, decided = await look(workbench, target)
    assert job.status == JobStatus.PARTIAL_ERROR
    assert [image.status for image in images] == [ImageStatus.MODEL_ERROR, ImageStatus.COMPLETED]
    assert [decision.verdict for decision in decided] == [True]


async def test_a_target_that_another_model_has_described_is_no_target(workbench: Workbench) -> None:
    target, [picture] = await accept(workbench, jpeg(EILEEN, 1), jpeg(EILEEN))
    await workbench.units.run(target)
    await workbench.execute("UPDATE probe_face SET model_id = 'older' WHERE job_id = %s", target.job_id)
    await workbench.units.run(picture)
    job, images, decided = await look(workbench, target)
    assert (job.status, images[0].status, decided) == (JobStatus.ALL_ERROR, ImageStatus.JOB_ERROR, [])
    assert await kept_embeddings(workbench) == 0
