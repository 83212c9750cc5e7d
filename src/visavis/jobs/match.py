"""Match jobs: in which of the pictures is the target, of whom one to three pictures are given?"""

from __future__ import annotations

from uuid import UUID

import numpy as np

from visavis.faces import Calibration
from visavis.jobs.comparing import Compares, decide_each, reference_faces, take_evidence
from visavis.jobs.requests import MatchRequest, request_of
from visavis.recognition.verification import odd_one_out, verify
from visavis.records import FloatArray, ImageStatus, Job, LeftOut, Role
from visavis.store import jobs
from visavis.store.database import Transaction


class Match(Compares):
    """The kind of match jobs. Target pictures count together, as the mean of their largest faces."""

    async def decide(self, db: Transaction, job: Job) -> None:
        evidence = await take_evidence(db, job, model_id=self._engine.model_id)
        target, left_out = reference_faces(evidence, Role.TARGET)
        odd = _odd_one_out(target, self._engine.calibration)
        if odd is not None:
            del target[odd]
            left_out[odd] = LeftOut.SOMEBODY_ELSE
        await jobs.leave_out(db, job.id, left_out)
        if not target:
            # Nothing shows what to look for: that is no fault of the pictures.
            await jobs.fail_subjects(db, job.id, ImageStatus.JOB_ERROR)
            return
        embeddings = np.stack(list(target.values()))
        await decide_each(
            db,
            job,
            evidence,
            lambda faces: verify(faces, embeddings, self._engine.calibration, job.false_match_rate),
            object_class=request_of(job, MatchRequest).object_class,
            engine=self._engine,
        )


def _odd_one_out(target: dict[UUID, FloatArray], calibration: Calibration) -> UUID | None:
    row = odd_one_out(np.stack(list(target.values())), calibration) if target else None
    return None if row is None else list(target)[row]
