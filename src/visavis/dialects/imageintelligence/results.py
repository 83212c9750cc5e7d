"""Jobs with their results, as clients get them: asked for by id, by search, or sent to a webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.translate import (
    IMAGE_STATUS,
    JOB_STATUS,
    fraction,
    milliseconds,
    sighting_to_wire,
)
from visavis.jobs.chosen import Decisions, first_yes, highest
from visavis.jobs.requests import AskRequest, DetectRequest, MatchRequest, request_of
from visavis.records import Job, JobImage, JobKind, JobStatus, Role, Sighting
from visavis.store import decisions, faces, jobs
from visavis.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Results:
    """What is known of some jobs' pictures."""

    images: Mapping[UUID, Sequence[JobImage]]  # by job
    sightings: Mapping[UUID, Sequence[Sighting]]  # by picture
    decisions: Decisions


async def load_results(db: Transaction, found: Sequence[Job]) -> Results:
    """The pictures of some jobs and what is said of them. The caller has found the jobs through their organisation."""
    images = await jobs.images_of(db, [job.id for job in found])
    enrolled = [job.id for job in found if job.kind == JobKind.RECOGNIZE]
    decided = [job.id for job in found if job.kind != JobKind.RECOGNIZE]
    seen = await faces.sightings(db, [image.id for job_id in enrolled for image in images[job_id]]) if enrolled else {}
    return Results(images, seen, await decisions.of_jobs(db, decided) if decided else {})


def job_to_wire(job: Job, results: Results, links: Links) -> wire.JobResponse:
    """A job of any kind with its results so far."""
    told: dict[str, Any] = {
        "id": str(job.id),
        "status": JOB_STATUS[job.status],
        "custom_id": job.custom_id,
        "feed_id": job.feed_id,
        "webhook_url": job.webhook_url,
        "created_at": milliseconds(job.created_at),
    }
    images = [image for image in results.images[job.id] if image.role == Role.SUBJECT]
    match job.kind:
        case JobKind.RECOGNIZE:
            return wire.RecognizeResponse(**told, images=[_recognized(image, results, links) for image in images])
        case JobKind.MATCH:
            return wire.MatchResponse(
                **told,
                job_results=_match_result(job, images, results, links),
                image_results=[wire.ImageResult(**_result(image, links)) for image in images],
            )
        case JobKind.DETECT:
            return wire.DetectResponse(
                **told,
                job_results=_detect_results(job, images, results, links),
                image_results=[_detected(image, results, links) for image in images],
            )
        case JobKind.ASK:
            return wire.AskResponse(
                **told,
                question=request_of(job, AskRequest).question,
                examples=_examples(job, results),
                job_results=wire.AskResult(image=_first_yes(job, images, results, links)),
                image_results=[wire.ImageResult(**_result(image, links)) for image in images],
            )
        case other:
            raise ValueError(f"{other} is no kind of job of this dialect")


def _image(image: JobImage, links: Links) -> dict[str, Any]:
    return {
        "id": str(image.id),
        "url": links.picture_url(image.source_url, image.blob_key),
        "proxy_url": links.proxy_url(image.blob_key),
        "custom_id": image.custom_id,
    }


def _result(image: JobImage, links: Links) -> dict[str, Any]:
    return {**_image(image, links), "status": IMAGE_STATUS[image.status]}


def _recognized(image: JobImage, results: Results, links: Links) -> wire.RecognizeImageResult:
    seen = results.sightings.get(image.id, ())
    return wire.RecognizeImageResult(**_result(image, links), objects=[sighting_to_wire(each) for each in seen])


def _match_result(job: Job, images: Sequence[JobImage], results: Results, links: Links) -> wire.MatchResult:
    asked = request_of(job, MatchRequest)
    target = wire.MatchTarget(
        class_=asked.object_class,
        custom_id=asked.target_custom_id,
        images=_addresses(job, results, Role.TARGET),
    )
    return wire.MatchResult(target=target, image=_first_yes(job, images, results, links), hitl=False)


def _detect_results(job: Job, images: Sequence[JobImage], results: Results, links: Links) -> list[wire.DetectResult]:
    told = []
    for position, asked in enumerate(request_of(job, DetectRequest).classes):
        chosen = None
        # While pictures are open, a better one may come.
        best = highest(images, results.decisions, position) if job.status != JobStatus.IN_PROGRESS else None
        if best is not None:
            image, score = best
            chosen = wire.DetectedImage(**_image(image, links), confidence=fraction(score))
        told.append(wire.DetectResult(class_=asked.name, image=chosen, hitl=False))
    return told


def _detected(image: JobImage, results: Results, links: Links) -> wire.DetectImageResult:
    return wire.DetectImageResult(
        **_result(image, links),
        objects=[
            wire.DetectedObject(class_=each.object_class, confidence=fraction(each.score), verdict=each.verdict)
            for each in results.decisions.get(image.id, ())
            if each.score is not None
        ],
    )


def _first_yes(job: Job, images: Sequence[JobImage], results: Results, links: Links) -> wire.ChosenImage | None:
    if job.status == JobStatus.IN_PROGRESS:
        return None
    chosen = first_yes(images, results.decisions)
    return None if chosen is None else wire.ChosenImage(**_image(chosen, links))


def _examples(job: Job, results: Results) -> wire.AskExamples | None:
    yes, no = _addresses(job, results, Role.YES_EXAMPLE), _addresses(job, results, Role.NO_EXAMPLE)
    return wire.AskExamples(yes=yes or None, no=no or None) if yes or no else None


def _addresses(job: Job, results: Results, role: Role) -> list[str]:
    return [image.source_url or "" for image in results.images[job.id] if image.role == role]
