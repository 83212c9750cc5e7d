"""Recognise jobs: the faces of every picture come to rest in the job's namespace, in groups, with names."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from visavis.faces import FaceEngine
from visavis.jobs.analysis import FoundFace
from visavis.jobs.kinds import Kind
from visavis.jobs.pictures import Outcome, describe_pictures
from visavis.recognition.enrolment import enrol
from visavis.records import Job, NewFace
from visavis.store.database import Transaction


class Recognize(Kind[FoundFace]):
    """The kind of recognise jobs."""

    analysis = staticmethod(describe_pictures)

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine

    async def keep(self, db: Transaction, job: Job, outcomes: Sequence[Outcome[FoundFace]]) -> None:
        """Enrol the faces; the caller holds the lock of the namespace."""
        if job.namespace_id is None:
            raise RuntimeError(f"the recognise job {job.id} has no namespace")
        new = [self._new_face(outcome.image.id, face) for outcome in outcomes for face in outcome.faces]
        await enrol(db, job.namespace_id, self._engine.calibration, new, batch_id=uuid4(), fmr=job.false_match_rate)

    def _new_face(self, image_id: UUID, face: FoundFace) -> NewFace:
        return NewFace(
            id=uuid4(),
            job_image_id=image_id,
            box=face.box,
            landmarks_xy=face.landmarks_xy,
            detection_score=face.detection_score,
            sharpness=face.sharpness,
            is_frontal=face.is_frontal,
            width_px=face.crop_size_wh[0],
            height_px=face.crop_size_wh[1],
            model_id=self._engine.model_id,
            embedding=face.embedding,
        )
