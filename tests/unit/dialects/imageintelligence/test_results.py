"""Jobs with their results on the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from visavis.accounts.media_links import MediaLinks
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.results import Results, job_to_wire
from visavis.jobs.requests import AskRequest, DetectedClass, DetectRequest, MatchRequest, request_to_json
from visavis.records import Box, Decision, ImageStatus, Job, JobImage, JobKind, JobStatus, Role, Sighting

LINKS = Links(MediaLinks(b"k" * 32), "http://here", 60)
NOW = datetime(2024, 2, 29, 12, 30, 15, 678_000, UTC)
ID = UUID("9a7c1a40-0000-4000-8000-000000000001")
BOX = Box(0.1, 0.1, 0.2, 0.2)

# of each kind, what is asked beyond the pictures
REQUESTS: dict[JobKind, Any] = {
    JobKind.RECOGNIZE: None,
    JobKind.MATCH: request_to_json(MatchRequest("person", "the boss")),
    JobKind.DETECT: request_to_json(DetectRequest((DetectedClass("person"), DetectedClass("face")))),
    JobKind.ASK: request_to_json(AskRequest("Is anyone here?", by_examples=False)),
}


def make_job(kind: JobKind = JobKind.RECOGNIZE, status: JobStatus = JobStatus.COMPLETED) -> Job:
    ended_at = None if status == JobStatus.IN_PROGRESS else NOW
    return Job(ID, ID, ID, ID, kind, status, None, None, None, REQUESTS[kind], "http://here", 1e-4, NOW, ended_at)


def make_image(
    position: int = 0, *, role: Role = Role.SUBJECT, status: ImageStatus = ImageStatus.COMPLETED
) -> JobImage:
    return JobImage(uuid4(), ID, role, position, status, None, f"http://pictures/{role}/{position}", None)


def make_decision(image: JobImage, *, verdict: bool, score: float | None, position: int = 0) -> Decision:
    return Decision(
        job_image_id=image.id,
        position=position,
        object_class="person",
        verdict=verdict,
        similarity=None,
        threshold=0.8,
        score=score,
        face_count=1,
        model_id="m",
        box=None if score is None else BOX,
    )


def told(job: Job, images: list[JobImage], *decisions: Decision) -> Any:
    by_image: dict[UUID, list[Decision]] = {}
    for decision in decisions:
        by_image.setdefault(decision.job_image_id, []).append(decision)
    return job_to_wire(job, Results({ID: images}, {}, by_image), LINKS)


def test_the_confidence_is_that_of_the_recognition_when_there_is_one() -> None:
    seen = {"face_id": ID, "job_image_id": ID, "box": Box(0, 0, 1, 1), "detection_score": 0.9, "created_at": NOW}
    image = make_image()
    known = Sighting(**seen, identity_id=ID, identity_score=0.7)  # type: ignore[arg-type]
    unknown = Sighting(**seen, identity_id=None, identity_score=None)  # type: ignore[arg-type]
    answer = job_to_wire(make_job(), Results({ID: [image]}, {image.id: [known, unknown]}, {}), LINKS)
    assert isinstance(answer, wire.RecognizeResponse)
    assert [(face.identity_id, face.confidence) for face in answer.images[0].objects] == [(str(ID), 0.7), (None, 0.9)]


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_kind_and_status_of_ours_has_a_word_on_the_wire(kind: JobKind) -> None:
    for job_status in JobStatus:
        for image_status in ImageStatus:
            target = make_image(role=Role.TARGET)
            answer = told(make_job(kind, job_status), [target, make_image(status=image_status)])
            assert answer.status
            images = answer.images if kind == JobKind.RECOGNIZE else answer.image_results
            assert [image.status for image in images] == [images[0].status]
            assert images[0].status


def test_the_first_picture_in_request_order_that_shows_the_target_is_chosen() -> None:
    images = [make_image(position) for position in range(4)]
    decisions = [make_decision(image, verdict=image.position in (1, 3), score=0.6) for image in reversed(images)]
    decisions[0] = make_decision(images[3], verdict=True, score=0.99)  # more alike, and later
    answer = told(make_job(JobKind.MATCH), [make_image(role=Role.TARGET), *reversed(images)], *decisions)
    assert answer.job_results.image.id == str(images[1].id)
    assert answer.job_results.target.images == ["http://pictures/target/0"]


def test_nothing_is_chosen_while_pictures_are_open() -> None:
    image = make_image()
    for kind in (JobKind.MATCH, JobKind.ASK):
        target = make_image(role=Role.TARGET)
        answer = told(
            make_job(kind, JobStatus.IN_PROGRESS), [target, image], make_decision(image, verdict=True, score=0.9)
        )
        assert answer.job_results.image is None
    answer = told(
        make_job(JobKind.DETECT, JobStatus.IN_PROGRESS), [image], make_decision(image, verdict=True, score=0.9)
    )
    assert [result.image for result in answer.job_results] == [None, None]
    assert [found.confidence for found in answer.image_results[0].objects] == [0.9]


def test_of_each_class_the_picture_with_the_highest_confidence_is_chosen_and_the_first_of_equals() -> None:
    images = [make_image(position) for position in range(3)]
    answer = told(
        make_job(JobKind.DETECT),
        images,
        make_decision(images[0], verdict=False, score=0.75),
        make_decision(images[1], verdict=True, score=0.9),
        make_decision(images[2], verdict=True, score=0.9),
        make_decision(images[0], verdict=False, score=0.75, position=1),
        make_decision(images[1], verdict=False, score=None, position=1),
    )
    assert [result.image.id for result in answer.job_results] == [str(images[1].id), str(images[0].id)]
    assert answer.job_results[1].image.confidence == 0.75
    assert [len(result.objects) for result in answer.image_results] == [2, 1, 1]


def test_a_class_that_no_picture_shows_has_no_picture() -> None:
    image = make_image()
    answer = told(make_job(JobKind.DETECT), [image], make_decision(image, verdict=False, score=None))
    assert [result.image for result in answer.job_results] == [None, None]
    assert answer.image_results[0].objects == []
