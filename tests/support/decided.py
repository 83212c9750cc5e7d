"""Ended jobs and what they decided, made up: no picture was ever looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from visavis.faces import default_pack
from visavis.jobs.feedback import give
from visavis.records import (
    Box,
    Decision,
    Feedback,
    FeedbackCode,
    ImageStatus,
    JobImage,
    JobKind,
    NewImage,
    NewJob,
    Role,
    SaidOfClass,
)
from visavis.store import applications, decisions, jobs
from visavis.store.database import Database
from visavis.store.jobs import EndedImage

SAID_AT = datetime(2024, 5, 1, 12, 30, tzinfo=UTC)
MODEL = default_pack().model_id
DETECTION_THRESHOLD = 0.8


@dataclass(frozen=True, slots=True)
class Said:
    """What a job says of one picture and one class.

    ``value`` is the similarity of a comparison, the score of a detection; None: there was no face. ``threshold`` is by
    default that of the installed models; of a comparison it is higher where an example of "no" was nearer.
    """

    value: float | None
    threshold: float | None = None
    face_count: int = 1
    position: int = 0
    object_class: str = "person"
    model_id: str = MODEL


@dataclass(frozen=True, slots=True)
class Decided:
    """A job and its pictures, in the order of the request."""

    job_id: UUID
    image_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Client:
    """An application of an organisation. Each method is a transaction of its own."""

    database: Database
    organization_id: UUID
    application_id: UUID

    @classmethod
    async def make(cls, database: Database, organization: str = "acme") -> Client:
        async with database.transaction() as db:
            application_id = await applications.add(
                db,
                organization=organization,
                name=str(uuid4()),
                client_id=str(uuid4()),
                client_secret_hash=uuid4().bytes,
                api_key_hash=uuid4().bytes,
                subscription_key_hash=uuid4().bytes,
                scopes=[],
            )
            application = await applications.get(db, application_id)
        assert application is not None
        return cls(database, application.organization_id, application_id)

    async def decide(
        self, kind: JobKind, *pictures: Sequence[Said], examples: Sequence[Role] = (), ended: bool = True
    ) -> Decided:
        """A job of a kind, each of its pictures with what it says of it; ``examples``: of which roles it has one."""
        job_id = uuid4()
        subjects = [_image(job_id, Role.SUBJECT, position) for position in range(len(pictures))]
        shown = [_image(job_id, role, 0) for role in examples]
        said = [
            _decision(image.id, each, is_comparison=bool(examples))
            for image, picture in zip(subjects, pictures, strict=True)
            for each in picture
        ]
        async with self.database.transaction() as db:
            await jobs.add(
                db,
                NewJob(kind, tuple(NewImage(data=b"") for _ in subjects)),
                job_id=job_id,
                organization_id=self.organization_id,
                application_id=self.application_id,
                namespace_id=None,
                images=[*subjects, *shown],
            )
            if said:
                await decisions.add(db, job_id, said)
            if ended:
                over = [EndedImage(image.id, ImageStatus.COMPLETED, None) for image in [*subjects, *shown]]
                await jobs.end_images(db, job_id, over)
                assert await jobs.finish(db, job_id) is not None
        return Decided(job_id, [image.id for image in subjects])

    async def match(self, *pictures: Said) -> Decided:
        """A match job with one decision a picture."""
        return await self.decide(JobKind.MATCH, *([said] for said in pictures), examples=[Role.TARGET])

    async def detect(self, *pictures: Sequence[Said]) -> Decided:
        """A detect job."""
        return await self.decide(JobKind.DETECT, *pictures)

    async def say(self, job: Decided, *codes: FeedbackCode, object_class: str = "person") -> Feedback:
        """Give feedback on one class of a job, once for each code."""
        async with self.database.transaction() as db:
            return await give(
                db,
                organization_id=self.organization_id,
                application_id=self.application_id,
                job_id=job.job_id,
                classes=[SaidOfClass(object_class, code) for code in codes],
                said_at=SAID_AT,
            )


def _image(job_id: UUID, role: Role, position: int) -> JobImage:
    return JobImage(uuid4(), job_id, role, position, ImageStatus.IN_PROGRESS, None, None, None)


def _decision(image_id: UUID, said: Said, *, is_comparison: bool) -> Decision:
    calibration = default_pack().calibration
    threshold = said.threshold
    if threshold is None:
        faces = max(1, said.face_count)
        threshold = calibration.identification_threshold(faces) if is_comparison else DETECTION_THRESHOLD
    score = said.value
    if is_comparison and said.value is not None:
        score = calibration.score(said.value, threshold)
    return Decision(
        job_image_id=image_id,
        position=said.position,
        object_class=said.object_class,
        verdict=said.value is not None and said.value >= threshold,
        similarity=said.value if is_comparison else None,
        threshold=threshold,
        score=score,
        face_count=0 if said.value is None else said.face_count,
        model_id=said.model_id,
        box=None if said.value is None else Box(0.25, 0.25, 0.75, 0.75),
    )
