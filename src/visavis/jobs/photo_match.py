"""Photo matches: does one picture show the person of the other? Score, verdict, or why there is none."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from visavis.jobs.comparing import Compares, Evidence, compared, largest, take_evidence, why_not
from visavis.jobs.pictures import describe_pictures
from visavis.jobs.requests import PhotoMatchRequest, request_of
from visavis.recognition.verification import verify_pair
from visavis.records import CountedFace, ImageStatus, Job, JobImage, LeftOut, ProbeFace, Role
from visavis.store import counted_faces, decisions, jobs
from visavis.store.database import Transaction

OBJECT_CLASS = "face"

LIKE_SIZE = 0.5
"""A second face with at least this part of the largest one's area leaves open whose picture it is."""

TOO_BLURRED = 0.05
"""Below this sharpness a "no" says little: with one picture so blurred, 18 % of mated pairs match; above 0.1, 95 %."""


class PhotoMatch(Compares):
    """The kind of photo match jobs: one subject, one target, each with one person."""

    analysis = staticmethod(partial(describe_pictures, persistent=True))

    async def decide(self, db: Transaction, job: Job) -> None:
        evidence = await take_evidence(db, job, model_id=self._engine.model_id)
        [subject] = [image for image in evidence.images if image.role == Role.SUBJECT]
        [target] = [image for image in evidence.images if image.role == Role.TARGET]
        asked = request_of(job, PhotoMatchRequest)
        crowds = {
            subject.id: asked.subject_may_be_crowded,
            target.id: asked.target_may_be_crowded,
        }
        left_out = {
            image.id: reason
            for image in (subject, target)
            if (reason := _why_not(evidence, image, may_be_crowded=crowds[image.id])) is not None
        }
        counted = {
            image.id: largest(evidence.faces[image.id]) for image in (subject, target) if image.id in evidence.faces
        }
        await counted_faces.add(
            db, job.id, [_counted(face, len(evidence.faces[image_id])) for image_id, face in counted.items()]
        )
        if not left_out:
            left_out = await self._compare(db, job, counted[subject.id], counted[target.id])
        await jobs.leave_out(db, job.id, left_out)
        if left_out and subject.status == ImageStatus.COMPLETED:
            await jobs.fail_subjects(db, job.id, ImageStatus.JOB_ERROR)

    async def _compare(self, db: Transaction, job: Job, subject: ProbeFace, target: ProbeFace) -> dict[UUID, LeftOut]:
        """Decide; which of the two is too blurred to believe a no."""
        verdict = verify_pair(subject.embedding, target.embedding, self._engine.calibration, job.false_match_rate)
        decision = compared(subject, verdict, object_class=OBJECT_CLASS, model_id=self._engine.model_id)
        await decisions.add(db, job.id, [decision])
        if verdict.is_match:
            return {}
        return {face.job_image_id: LeftOut.BLURRED for face in (subject, target) if face.sharpness < TOO_BLURRED}


def _why_not(evidence: Evidence, image: JobImage, *, may_be_crowded: bool) -> LeftOut | None:
    reason = why_not(evidence, image)
    if reason is not None or may_be_crowded:
        return reason
    areas = sorted((face.box.area for face in evidence.faces[image.id]), reverse=True)
    return LeftOut.SEVERAL_FACES if len(areas) > 1 and areas[1] >= LIKE_SIZE * areas[0] else None


def _counted(face: ProbeFace, face_count: int) -> CountedFace:
    return CountedFace(
        job_image_id=face.job_image_id,
        box=face.box,
        detection_score=face.detection_score,
        sharpness=face.sharpness,
        is_frontal=face.is_frontal,
        face_count=face_count,
    )
