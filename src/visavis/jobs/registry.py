"""Which kind a job is of: a variant is a module of its own and a line here."""

from __future__ import annotations

from typing import Any

from visavis.faces import FaceEngine
from visavis.jobs.ask import AskByExamples, AskForFace
from visavis.jobs.detect import Detect
from visavis.jobs.kinds import Kind, KindOf
from visavis.jobs.match import Match
from visavis.jobs.photo_match import PhotoMatch
from visavis.jobs.recognize import Recognize
from visavis.jobs.requests import AskRequest, request_of
from visavis.records import Job, JobKind


def kinds(engine: FaceEngine) -> KindOf:
    """All kinds of jobs, on one engine."""
    always: dict[JobKind, Kind[Any]] = {
        JobKind.RECOGNIZE: Recognize(engine),
        JobKind.MATCH: Match(engine),
        JobKind.DETECT: Detect(engine),
        JobKind.PHOTO_MATCH: PhotoMatch(engine),
    }
    ask_for_face, ask_by_examples = AskForFace(engine), AskByExamples(engine)

    def kind_of(job: Job) -> Kind[Any]:
        if job.kind == JobKind.ASK:
            return ask_by_examples if request_of(job, AskRequest).by_examples else ask_for_face
        return always[job.kind]

    return kind_of
