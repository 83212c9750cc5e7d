"""Between the wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from visavis.dialects.streamline import schemas as wire
from visavis.dialects.streamline.editions import BY_NAME, Edition
from visavis.dialects.streamline.form import PhotoMatchForm
from visavis.jobs.requests import PhotoMatchRequest, request_of, request_to_json
from visavis.records import Application, Decision, Job, JobImage, JobKind, JobStatus, LeftOut, NewImage, NewJob, Role

_STATUS: Mapping[JobStatus, wire.RequestStatus] = {
    JobStatus.IN_PROGRESS: "Pending",
    JobStatus.COMPLETED: "Completed",
    JobStatus.PARTIAL_ERROR: "Failed",
    JobStatus.ALL_ERROR: "Failed",
}
_STATUS_NUMBER: Mapping[wire.RequestStatus, Literal[1, 2, 3]] = {"Pending": 1, "Completed": 2, "Failed": 3}

_NOT_PROCESSED = "the picture could not be processed; please try again later"

# In words that a clerk can act on.
_WHY: Mapping[LeftOut, str] = {
    LeftOut.NOT_READABLE: "the picture could not be read; the file may be damaged or no picture, please send it again",
    LeftOut.NO_FACE: "no face was found; please take a picture in which the whole face can be seen",
    LeftOut.SEVERAL_FACES: "more than one face was found; please take a picture of one person alone",
    LeftOut.BLURRED: "the face is too blurred to be compared; please take a sharper picture",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A photo match with all that is told of it."""

    job: Job
    subject: JobImage
    target: JobImage
    decision: Decision | None
    initiator: Application

    @property
    def edition(self) -> Edition:
        """In whose words the client asked."""
        return BY_NAME[request_of(self.job, PhotoMatchRequest).form]


def photo_match_from_wire(form: PhotoMatchForm, edition: Edition) -> NewJob:
    """A form as a job."""
    return NewJob(
        kind=JobKind.PHOTO_MATCH,
        images=(
            NewImage(data=form.target.data, role=Role.TARGET),
            NewImage(data=form.subject.data),
        ),
        custom_id=form.external_reference,
        request=request_to_json(
            PhotoMatchRequest(
                form=edition.name,
                subject_media_type=form.subject.media_type,
                target_media_type=form.target.media_type,
                target_may_be_crowded=edition.target_may_be_crowded,
            )
        ),
    )


def id_from_wire(text: str) -> UUID | None:
    """Our id; None when it cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def created_to_wire(job: Job, edition: Edition) -> wire.Created:
    """A job that was just accepted."""
    return wire.Created(
        id=str(job.id),
        status=_STATUS[job.status],
        external_reference=job.custom_id,
        request_uri=f"/api{edition.path}/{job.id}?v=2.0",
    )


def older_to_wire(told: Told) -> wire.PhotoMatch:
    """In the words of the older edition."""
    status, decision = _STATUS[told.job.status], _in_force(told)
    return wire.PhotoMatch(
        id=str(told.job.id),
        external_reference=told.job.custom_id,
        result=wire.PhotoMatchResult(
            match=decision is not None and decision.verdict,
            score=None if decision is None else decision.score,
            percentage_score=_percentage(decision),
            is_error=status == "Failed",
            error_message=error_message(told),
        ),
        source_image=str(told.subject.id),
        target_image=str(told.target.id),
        initiator=told.initiator.name,
        initiator_id=str(told.initiator.id),
        received_at=told.job.created_at.isoformat(),
        completed_at=_moment(told.job.ended_at),
        request_status=status,
    )


def newer_to_wire(told: Told) -> wire.BiometricsPhotoMatch:
    """In the words of the newer edition."""
    status = _STATUS[told.job.status]
    return wire.BiometricsPhotoMatch(
        id=str(told.job.id),
        external_reference=told.job.custom_id,
        result=_newer_result(told, status),
        id_front_face=str(told.target.id),
        selfie=str(told.subject.id),
        initiator=told.initiator.name,
        initiator_id=str(told.initiator.id),
        received_at=told.job.created_at.isoformat(),
        completed_at=_moment(told.job.ended_at),
        request_status=_STATUS_NUMBER[status],
    )


def error_message(told: Told) -> str | None:
    """Which photo is at fault, and what to do about it; None if nothing is."""
    if _STATUS[told.job.status] != "Failed":
        return None
    fields = ((told.edition.subject_field, told.subject), (told.edition.target_field, told.target))
    faults = [(name, image.left_out) for name, image in fields if image.left_out is not None]
    if not faults:
        return f"{told.edition.subject_field}: {_NOT_PROCESSED}"
    return "; ".join(f"{name}: {_WHY.get(reason, _NOT_PROCESSED)}" for name, reason in faults)


def only(images: Sequence[JobImage], role: Role) -> JobImage:
    """The one picture of a role."""
    [image] = [image for image in images if image.role == role]
    return image


def _newer_result(told: Told, status: wire.RequestStatus) -> wire.BiometricsResult:
    decision = _in_force(told)
    if status == "Pending":
        return wire.BiometricsResult(
            match=None,
            score=None,
            comment=None,
            status=None,
            percentage_score=None,
            is_error=None,
            error_message=None,
        )
    if decision is None:
        return wire.BiometricsResult(
            match=False,
            score=None,
            comment="The photos could not be compared.",
            status="Error",
            percentage_score=None,
            is_error=True,
            error_message=error_message(told),
        )
    return wire.BiometricsResult(
        match=decision.verdict,
        score=decision.score,
        comment=f"The photos show {'the same person' if decision.verdict else 'different people'}.",
        status="Match" if decision.verdict else "NoMatch",
        percentage_score=_percentage(decision),
        is_error=False,
        error_message=None,
    )


def _in_force(told: Told) -> Decision | None:
    """The decision, unless the faces turned out to be too blurred to believe it."""
    return told.decision if _STATUS[told.job.status] == "Completed" else None


def _percentage(decision: Decision | None) -> str | None:
    return None if decision is None or decision.score is None else f"{decision.score * 100:.2f}%"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
