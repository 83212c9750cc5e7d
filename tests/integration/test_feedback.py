"""Feedback finds the decision that it speaks of, is kept beside it, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.rows import dict_row

from support.decided import SAID_AT, Client, Decided, Said
from visavis.errors import NotFound
from visavis.jobs.feedback import give
from visavis.records import Feedback, FeedbackCode, JobKind, Role, SaidOfClass
from visavis.store import decisions, feedback
from visavis.store.database import Database

FALSE_POSITIVE, FALSE_NEGATIVE = FeedbackCode.FALSE_POSITIVE, FeedbackCode.FALSE_NEGATIVE
NO_FACE = Said(None)


@pytest.fixture
async def ada(database: Database) -> Client:
    return await Client.make(database, "acme")


async def kept(client: Client, given: Feedback) -> list[dict[str, Any]]:
    """The rows of a feedback's classes."""
    async with client.database.transaction() as db, db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM feedback_class WHERE feedback_id = %s ORDER BY position", [given.id])
        return await cursor.fetchall()


async def spoken_of(client: Client, job: Decided, code: FeedbackCode, object_class: str = "person") -> int | None:
    """The place of the picture whose decision a feedback speaks of."""
    [row] = await kept(client, await client.say(job, code, object_class=object_class))
    return None if row["job_image_id"] is None else job.image_ids.index(row["job_image_id"])


@dataclass(frozen=True)
class Case:
    """Pictures of a job with one decision each, and the places of those that the two codes speak of."""

    pictures: list[Said]
    false_positive: int | None
    false_negative: int | None


COMPARED = {
    "the first yes, not the best": Case([Said(0.3), Said(0.5), Said(0.9), Said(0.4)], 1, 3),
    "all yes": Case([Said(0.6), Said(0.7)], 0, None),
    "all no": Case([Said(0.1), Said(0.42), Said(0.2)], None, 1),
    "of equals the first": Case([Said(0.2), Said(0.2)], None, 0),
    "a face that is unlike before no face": Case([NO_FACE, Said(-0.3), NO_FACE], None, 1),
    "no face at all": Case([NO_FACE, NO_FACE], None, 0),
    # an example of "no" was more alike still
    "a no of higher similarity than a yes": Case([Said(0.5), Said(0.7, threshold=0.75)], 0, 1),
}


@pytest.mark.parametrize("case", COMPARED.values(), ids=COMPARED)
@pytest.mark.parametrize(("kind", "role"), [(JobKind.MATCH, Role.TARGET), (JobKind.ASK, Role.YES_EXAMPLE)])
async def test_feedback_on_a_comparison_speaks_of_the_first_yes_or_the_nearest_no(
    ada: Client, kind: JobKind, role: Role, case: Case
) -> None:
    job = await ada.decide(kind, *([said] for said in case.pictures), examples=[role])
    assert await spoken_of(ada, job, FALSE_POSITIVE) == case.false_positive
    assert await spoken_of(ada, job, FALSE_NEGATIVE) == case.false_negative


DETECTED = {
    "the best, not the first": Case([Said(0.85), Said(0.95), Said(0.75)], 1, 2),
    "of equals the first": Case([Said(0.9), Said(0.9)], 0, None),
    "the best, though it is not certain": Case([Said(0.71), Said(0.79), NO_FACE], 1, 1),
    "nothing found": Case([NO_FACE, NO_FACE], None, 0),
}


@pytest.mark.parametrize("case", DETECTED.values(), ids=DETECTED)
async def test_feedback_on_a_detection_speaks_of_the_best_or_the_nearest_uncertain_one(ada: Client, case: Case) -> None:
    job = await ada.detect(*([said] for said in case.pictures))
    assert await spoken_of(ada, job, FALSE_POSITIVE) == case.false_positive
    assert await spoken_of(ada, job, FALSE_NEGATIVE) == case.false_negative


async def test_each_class_speaks_of_its_own_decision(ada: Client) -> None:
    pictures = [
        [Said(0.9, object_class="face"), Said(0.81, position=1)],
        [Said(0.82, object_class="face"), Said(0.99, position=1)],
    ]
    job = await ada.detect(*pictures)
    assert await spoken_of(ada, job, FALSE_POSITIVE, "face") == 0
    assert await spoken_of(ada, job, FALSE_POSITIVE, "person") == 1
    assert await spoken_of(ada, job, FALSE_POSITIVE, "dog") is None


async def test_the_decision_is_kept_as_it_was_in_force(ada: Client) -> None:
    job = await ada.match(Said(0.3), Said(0.5, face_count=3), Said(0.41))
    async with ada.database.transaction() as db:
        decided = {
            image_id: each for image_id, [each] in (await decisions.of_jobs(db, [job.job_id])).items()
        }  # one decision a picture
    given = await ada.say(job, FALSE_NEGATIVE, FALSE_POSITIVE)
    rows = await kept(ada, given)
    assert [(row["position"], row["code"]) for row in rows] == [(0, "false_negative"), (1, "false_positive")]
    for row, place in zip(rows, (2, 1), strict=True):
        decision = decided[job.image_ids[place]]
        assert row["job_image_id"] == decision.job_image_id
        assert row["decision_position"] == decision.position
        for name in ("object_class", "verdict", "similarity", "threshold", "score", "face_count", "model_id"):
            assert row[name] == getattr(decision, name)


@pytest.mark.parametrize("code", FeedbackCode)
async def test_feedback_is_kept_where_nothing_was_decided(ada: Client, code: FeedbackCode) -> None:
    recognised = await ada.decide(JobKind.RECOGNIZE, [])
    going_on = await ada.decide(JobKind.DETECT, [Said(0.9)], [NO_FACE], ended=False)
    for job in (recognised, going_on):
        given = await ada.say(job, code)
        assert given.classes == (SaidOfClass("person", code),)
        [row] = await kept(ada, given)
        assert {name for name, value in row.items() if value is not None} == {
            "feedback_id",
            "position",
            "object_class",
            "code",
        }


async def test_feedback_changes_no_result(ada: Client) -> None:
    job = await ada.match(Said(0.3), Said(0.5))

    async def results() -> Any:
        async with ada.database.transaction() as db:
            row = await (await db.execute("SELECT * FROM job WHERE id = %s", [job.job_id])).fetchone()
            return row, await decisions.of_jobs(db, [job.job_id])

    before = await results()
    await ada.say(job, FALSE_POSITIVE, FALSE_NEGATIVE)
    assert await results() == before


async def test_feedback_comes_back_as_it_was_said(ada: Client) -> None:
    job = await ada.match(Said(0.5))
    said = [SaidOfClass("person", FALSE_POSITIVE), SaidOfClass("chien ❤", FALSE_NEGATIVE)]
    async with ada.database.transaction() as db:
        given = await give(
            db,
            organization_id=ada.organization_id,
            application_id=ada.application_id,
            job_id=job.job_id,
            classes=said,
            said_at=SAID_AT,
        )
        assert given.job_id == job.job_id
        assert given.classes == tuple(said)
        assert given.said_at == SAID_AT
        assert given.created_at > SAID_AT
    async with ada.database.transaction() as db:
        assert await feedback.get(db, ada.organization_id, given.id) == given
        assert await feedback.get(db, ada.organization_id, uuid4()) is None
        assert await feedback.search(db, ada.organization_id) == [given]


async def test_a_search_finds_the_newest_hundred_of_one_job_or_of_all(ada: Client) -> None:
    job, other = await ada.match(Said(0.5)), await ada.match(Said(0.5))
    given = [await ada.say(job, FALSE_POSITIVE) for _ in range(102)]
    of_other = await ada.say(other, FALSE_NEGATIVE)

    def newest(*found: Feedback) -> list[Feedback]:
        return sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[:100]

    async with ada.database.transaction() as db:
        assert await feedback.search(db, ada.organization_id, job.job_id) == newest(*given)
        assert await feedback.search(db, ada.organization_id, other.job_id) == [of_other]
        assert await feedback.search(db, ada.organization_id, uuid4()) == []
        assert await feedback.search(db, ada.organization_id) == newest(*given, of_other)


async def test_mallory_neither_gives_nor_sees_feedback_on_adas_jobs(ada: Client) -> None:
    mallory = await Client.make(ada.database, "globex")
    job = await ada.match(Said(0.5))
    given = await ada.say(job, FALSE_POSITIVE)
    with pytest.raises(NotFound, match=r"There is no such job\."):
        await mallory.say(job, FALSE_POSITIVE)
    with pytest.raises(NotFound, match=r"There is no such job\."):
        await ada.say(Decided(uuid4()), FALSE_POSITIVE)
    async with ada.database.transaction() as db:
        assert await feedback.get(db, mallory.organization_id, given.id) is None
        assert await feedback.search(db, mallory.organization_id) == []
        assert await feedback.search(db, mallory.organization_id, job.job_id) == []
        assert await feedback.search(db, ada.organization_id) == [given]


async def test_feedback_goes_with_its_job_and_outlives_a_picture(ada: Client) -> None:
    async def erase(statement: str, thing_id: UUID) -> list[Feedback]:
        async with ada.database.transaction() as db:
            await db.execute(statement, [thing_id])  # type: ignore[arg-type]
            return await feedback.search(db, ada.organization_id)

    job = await ada.match(Said(0.5), Said(0.2))
    given = await ada.say(job, FALSE_POSITIVE)
    assert await erase("DELETE FROM job_image WHERE id = %s", job.image_ids[0]) == [given]
    async with ada.database.transaction() as db:
        reviewed = [each async for each in feedback.reviewed(db, ada.organization_id)]
    assert {(each.similarity, each.false_positive) for each in reviewed} == {(0.5, True), (0.2, False)}
    assert await erase("DELETE FROM job WHERE id = %s", job.job_id) == []
    assert await kept(ada, given) == []
