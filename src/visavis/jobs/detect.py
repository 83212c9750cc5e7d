"""Detect jobs: is there a face, outside of the zones that are to be ignored?"""

from __future__ import annotations

from collections.abc import Sequence

from visavis.faces import FaceEngine
from visavis.jobs.analysis import DetectedFace
from visavis.jobs.kinds import Kind
from visavis.jobs.pictures import Outcome, detect_pictures
from visavis.jobs.requests import DetectRequest, request_of
from visavis.records import Decision, Job
from visavis.store import decisions
from visavis.store.database import Transaction

CERTAIN_SCORE = 0.8
"""From here up a detection is taken as certain. What lies below is found by standard settings from 0.7 on."""


class Detect(Kind[DetectedFace]):
    """The kind of detect jobs."""

    analysis = staticmethod(detect_pictures)

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine

    async def keep(self, db: Transaction, job: Job, outcomes: Sequence[Outcome[DetectedFace]]) -> None:
        asked = request_of(job, DetectRequest).classes
        found: list[Decision] = []
        for outcome in outcomes:
            for position, each in enumerate(asked):
                zone = each.exclusion
                faces = [face for face in outcome.faces if zone is None or not zone.ignores(face.box)]
                found.append(
                    detection_decision(
                        outcome,
                        faces,
                        position=position,
                        object_class=each.name,
                        threshold=CERTAIN_SCORE,
                        model_id=self._engine.model_id,
                    )
                )
        await decisions.add(db, job.id, found)


def detection_decision(
    outcome: Outcome[DetectedFace],
    faces: Sequence[DetectedFace],
    *,
    position: int,
    object_class: str,
    threshold: float,
    model_id: str,
) -> Decision:
    """What the best of a picture's faces says, if it has any: yes from ``threshold`` up."""
    best = max(faces, key=lambda face: face.detection_score, default=None)
    score = None if best is None else min(best.detection_score, 1.0)
    return Decision(
        job_image_id=outcome.image.id,
        position=position,
        object_class=object_class,
        verdict=score is not None and score >= threshold,
        similarity=None,
        threshold=threshold,
        score=score,
        face_count=len(faces),
        model_id=model_id,
        box=None if best is None else best.box,
    )
