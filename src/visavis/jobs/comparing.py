"""What match and ask jobs share: faces are kept until all pictures have ended, then pictures that show what to look for
are judged, and each other picture is compared with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
import structlog

from visavis.faces import FaceEngine
from visavis.jobs.analysis import FoundFace
from visavis.jobs.kinds import Kind
from visavis.jobs.pictures import Outcome, describe_pictures
from visavis.recognition.verification import Verdict
from visavis.records import Decision, FloatArray, ImageStatus, Job, JobImage, LeftOut, ProbeFace, Role
from visavis.store import decisions, jobs, probe_faces
from visavis.store.database import Transaction

_log = structlog.get_logger(__name__)

_NOT_USABLE: Mapping[ImageStatus, LeftOut] = {
    ImageStatus.DOWNLOAD_ERROR: LeftOut.NOT_FETCHED,
    ImageStatus.FORMAT_ERROR: LeftOut.NOT_READABLE,
}

Judge = Callable[[FloatArray], Verdict]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The pictures of a job that is to be decided, and the faces that the engine's model has described in them."""

    images: list[JobImage]
    faces: dict[UUID, list[ProbeFace]]
    of_other_models: set[UUID]  # pictures with faces that do not compare


class Compares(Kind[FoundFace]):
    """A kind of jobs that keeps faces until all pictures have ended, and compares them then."""

    analysis = staticmethod(describe_pictures)

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine

    async def keep(self, db: Transaction, job: Job, outcomes: Sequence[Outcome[FoundFace]]) -> None:
        model_id = self._engine.model_id
        faces = [
            ProbeFace(
                id=uuid4(),
                job_image_id=outcome.image.id,
                box=face.box,
                detection_score=face.detection_score,
                sharpness=face.sharpness,
                is_frontal=face.is_frontal,
                model_id=model_id,
                embedding=face.embedding,
            )
            for outcome in outcomes
            for face in outcome.faces
        ]
        await probe_faces.add(db, job.id, faces)


async def take_evidence(db: Transaction, job: Job, *, model_id: str) -> Evidence:
    """What the job is decided by. The faces are gone when the transaction commits."""
    images = (await jobs.images_of(db, [job.id]))[job.id]
    found = await probe_faces.take(db, job.id)
    own = {image_id: faces for image_id, faces in found.items() if all(f.model_id == model_id for f in faces)}
    return Evidence(images, own, set(found) - set(own))


def why_not(evidence: Evidence, image: JobImage) -> LeftOut | None:
    """Why a picture cannot count; None if it can."""
    if image.status != ImageStatus.COMPLETED:
        return _NOT_USABLE.get(image.status, LeftOut.NOT_PROCESSED)
    if image.id in evidence.of_other_models:
        return LeftOut.OTHER_MODEL
    return None if image.id in evidence.faces else LeftOut.NO_FACE


def reference_faces(evidence: Evidence, role: Role) -> tuple[dict[UUID, FloatArray], dict[UUID, LeftOut]]:
    """Of the pictures of a role, in the order of the request: the embedding of each one's largest face, and why others
    are left out."""
    usable: dict[UUID, FloatArray] = {}
    left_out: dict[UUID, LeftOut] = {}
    for image in evidence.images:
        if image.role != role:
            continue
        reason = why_not(evidence, image)
        if reason is not None:
            left_out[image.id] = reason
        else:
            usable[image.id] = largest(evidence.faces[image.id]).embedding
    return usable, left_out


def largest(faces: Sequence[ProbeFace]) -> ProbeFace:
    """The face with the largest box of a picture's, of which there is at least one."""
    return max(faces, key=lambda face: face.box.area)


async def decide_each(
    db: Transaction, job: Job, evidence: Evidence, judge: Judge, *, object_class: str, engine: FaceEngine
) -> None:
    """Decide each picture that the job is about and that has ended well."""
    subjects = [image for image in evidence.images if image.role == Role.SUBJECT]
    lost = [image.id for image in subjects if image.id in evidence.of_other_models]
    if lost:
        # Workers with different model packs have shared this job, while a fleet changed from one to the other.
        _log.error("faces of another model cannot be compared", job=str(job.id), images=len(lost))
        await jobs.fail_images(db, job.id, lost, ImageStatus.MODEL_ERROR)
    await decisions.add(
        db,
        job.id,
        [
            _decision(image, evidence.faces.get(image.id, []), judge, object_class, engine)
            for image in subjects
            if image.status == ImageStatus.COMPLETED and image.id not in evidence.of_other_models
        ],
    )


def _decision(
    image: JobImage, faces: Sequence[ProbeFace], judge: Judge, object_class: str, engine: FaceEngine
) -> Decision:
    if not faces:
        return Decision(
            job_image_id=image.id,
            position=0,
            object_class=object_class,
            verdict=False,
            similarity=None,
            threshold=engine.calibration.default_threshold,
            score=None,
            face_count=0,
            model_id=engine.model_id,
            box=None,
        )
    verdict = judge(np.stack([face.embedding for face in faces]))
    return compared(faces[verdict.row], verdict, object_class=object_class, model_id=engine.model_id)


def compared(face: ProbeFace, verdict: Verdict, *, object_class: str, model_id: str) -> Decision:
    """The decision about a picture, by the face that decided."""
    return Decision(
        job_image_id=face.job_image_id,
        position=0,
        object_class=object_class,
        verdict=verdict.is_match,
        similarity=verdict.similarity,
        threshold=verdict.threshold,
        score=verdict.score,
        face_count=verdict.comparisons,
        model_id=model_id,
        box=face.box,
    )
