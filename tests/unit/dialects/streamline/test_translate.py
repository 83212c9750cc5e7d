"""A photo match that is pending, on the wire of both editions."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from visavis.dialects.streamline import translate
from visavis.jobs.requests import PhotoMatchRequest, request_to_json
from visavis.records import Application, ImageStatus, Job, JobImage, JobKind, JobStatus, Role

NOW = datetime(2024, 2, 29, 12, 30, 15, 678_000, UTC)


def pending() -> translate.Told:
    asked = request_to_json(PhotoMatchRequest("photomatches", "image/jpeg", "image/png"))
    organization_id, job_id = uuid4(), uuid4()
    initiator = Application(uuid4(), organization_id, "bank", "desk", "id", [], NOW, None)
    job = Job(
        job_id,
        organization_id,
        initiator.id,
        None,
        JobKind.PHOTO_MATCH,
        JobStatus.IN_PROGRESS,
        None,
        None,
        None,
        asked,
        None,
        1e-4,
        NOW,
        None,
    )
    subject, target = (
        JobImage(uuid4(), job_id, role, 0, ImageStatus.IN_PROGRESS, None, None, "key")
        for role in (Role.SUBJECT, Role.TARGET)
    )
    return translate.Told(job, subject, target, None, initiator)


def test_in_the_older_edition_a_pending_result_is_an_object_that_says_no() -> None:
    told = translate.older_to_wire(pending()).model_dump(by_alias=True)
    assert (told["requestStatus"], told["completedAt"], told["externalReference"]) == ("Pending", None, None)
    assert told["result"] == {
        "match": False,
        "score": None,
        "percentageScore": None,
        "isError": False,
        "errorMessage": None,
    }


def test_in_the_newer_edition_all_of_a_pending_result_is_null() -> None:
    told = translate.newer_to_wire(pending()).model_dump(by_alias=True)
    assert (told["requestStatus"], told["completedAt"]) == (1, None)
    assert len(told["result"]) == 7
    assert set(told["result"].values()) == {None}
