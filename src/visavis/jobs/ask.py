"""Ask jobs: a yes or no question about the faces in each picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from visavis.faces import FaceEngine
from visavis.jobs.analysis import DetectedFace
from visavis.jobs.comparing import Compares, decide_each, reference_faces, take_evidence
from visavis.jobs.detect import detection_decision
from visavis.jobs.kinds import Kind
from visavis.jobs.pictures import Outcome, detect_pictures
from visavis.recognition.verification import verify_among
from visavis.records import FloatArray, ImageStatus, Job, Role
from visavis.store import decisions, jobs
from visavis.store.database import Transaction

# What decisions of ask jobs are about; clients give feedback by this name.
OBJECT_CLASS = "face"


class AskForFace(Kind[DetectedFace]):
    """The kind of ask jobs without examples: is a face there?"""

    analysis = staticmethod(detect_pictures)

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine

    async def keep(self, db: Transaction, job: Job, outcomes: Sequence[Outcome[DetectedFace]]) -> None:
        found = [
            detection_decision(
                outcome,
                outcome.faces,
                position=0,
                object_class=OBJECT_CLASS,
                threshold=self._engine.min_detection_score,
                model_id=self._engine.model_id,
            )
            for outcome in outcomes
        ]
        await decisions.add(db, job.id, found)


class AskByExamples(Compares):
    """The kind of ask jobs with examples: is a face like one that means yes, and less like those that mean no?"""

    async def decide(self, db: Transaction, job: Job) -> None:
        evidence = await take_evidence(db, job, model_id=self._engine.model_id)
        yes, yes_left_out = reference_faces(evidence, Role.YES_EXAMPLE)
        no, no_left_out = reference_faces(evidence, Role.NO_EXAMPLE)
        await jobs.leave_out(db, job.id, {**yes_left_out, **no_left_out})
        if not yes:
            # Nothing shows what to look for: that is no fault of the pictures.
            await jobs.fail_subjects(db, job.id, ImageStatus.JOB_ERROR)
            return
        size = self._engine.embedding_size
        yes_faces, no_faces = _stacked(yes.values(), size), _stacked(no.values(), size)
        await decide_each(
            db,
            job,
            evidence,
            lambda faces: verify_among(faces, yes_faces, no_faces, self._engine.calibration, job.false_match_rate),
            object_class=OBJECT_CLASS,
            engine=self._engine,
        )


def _stacked(embeddings: Iterable[FloatArray], size: int) -> FloatArray:
    """(N, D), also for none."""
    return np.array(list(embeddings), np.float32).reshape(-1, size)
