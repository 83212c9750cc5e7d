"""``visavis jobs``: what clients have asked for and how far it is; what a job decided, and by which figures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis import wiring
from visavis.cli import boxes, moments, work_lines
from visavis.cli.left_out import LEFT_OUT
from visavis.errors import NotFound
from visavis.jobs.requests import AskRequest, DetectRequest, MatchRequest, request_of
from visavis.records import Application, Decision, Feedback, Job, JobImage, JobKind, Role, Sighting
from visavis.settings import read_settings
from visavis.store import applications, decisions, deliveries, faces, feedback, jobs, listed_work
from visavis.store.deliveries import ListedDelivery
from visavis.store.listed_work import ListedWork

app = typer.Typer(
    help="Look into jobs, of pictures and of videos: how far they are, what they decided, by which figures.",
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is kept of a job."""

    job: Job
    application: Application
    images: Sequence[JobImage]
    sightings: Mapping[UUID, Sequence[Sighting]]
    decisions: Mapping[UUID, Sequence[Decision]]
    feedback: Sequence[Feedback]
    deliveries: Sequence[ListedDelivery]


@app.command("list")
def list_newest(
    org: Annotated[str | None, typer.Option("--org", help="Of one organisation only.")] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Those that have not ended only.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List jobs, videos and what was asked of them, newest first, with the part of the work that is done."""
    listed = asyncio.run(_list(org, unfinished, limit))
    if as_json:
        typer.echo(json.dumps([work_lines.told(each) for each in listed], indent=2))
    else:
        work_lines.print_table(listed)


async def _list(organization: str | None, unfinished: bool, limit: int) -> list[ListedWork]:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            return await listed_work.list_newest(db, organization=organization, unfinished=unfinished, limit=limit)


@app.command("show")
def show(
    job_id: Annotated[UUID, typer.Argument(metavar="ID", help="The job's id, or a video's, or a match's in a video.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a job: each picture's status and decision with similarity, threshold and score; target and example
    pictures that were left out, and why; feedback; webhook deliveries. Of a video, or what was asked of one: how far it
    is, or why it failed.
    """
    found = asyncio.run(_load(job_id))
    match found:
        case Dossier() if as_json:
            typer.echo(json.dumps(_told(found), indent=2))
        case Dossier():
            _print(found)
        case ListedWork() if as_json:
            typer.echo(json.dumps(work_lines.told(found), indent=2))
        case ListedWork():
            work_lines.print_one(found)


async def _load(job_id: UUID) -> Dossier | ListedWork:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            job = await jobs.of_unit(db, job_id)
            if job is None:
                work = await listed_work.find(db, job_id)
                if work is None:
                    raise NotFound(f"There is no job {job_id}.")
                return work
            application = await applications.get(db, job.application_id)
            if application is None:
                raise NotFound(f"There is no job {job_id}.")
            images = (await jobs.images_of(db, [job.id]))[job.id]
            return Dossier(
                job,
                application,
                images,
                await faces.sightings(db, [image.id for image in images]),
                await decisions.of_jobs(db, [job.id]),
                await feedback.search(db, job.organization_id, job.id),
                await deliveries.list_newest(db, job_id=job.id),
            )


def _print(dossier: Dossier) -> None:
    job, console = dossier.job, Console(highlight=False)
    console.print(f"{job.kind.replace('_', ' ')} job {job.id}", soft_wrap=True)
    summary = Table(show_header=False)
    summary.add_row("status", job.status.replace("_", " "))
    summary.add_row("for", escape(f"{dossier.application.organization} / {dossier.application.name}"))
    summary.add_row("accepted", moments.told(job.created_at))
    if job.ended_at is not None:
        summary.add_row("ended", moments.told(job.ended_at))
    for name, value in (("custom id", job.custom_id), ("feed id", job.feed_id), ("webhook", job.webhook_url)):
        if value is not None:
            summary.add_row(name, escape(value))
    for name, value in _asked(job):
        summary.add_row(name, escape(value))
    console.print(summary)
    pictures = Table("picture", "status", "what it says", title="Pictures", show_lines=True)
    # Those that the job is about, then those that show what to look for.
    for image in sorted(dossier.images, key=lambda each: (each.role != Role.SUBJECT, each.role, each.position)):
        name = f"{'picture' if image.role == Role.SUBJECT else image.role.replace('_', ' ')} {image.position + 1}"
        pictures.add_row(
            escape("\n".join(each for each in (name, image.custom_id, image.source_url) if each is not None)),
            image.status.replace("_", " "),
            escape("\n".join(_said(dossier, image))),
        )
    console.print(pictures)
    for each in dossier.feedback:
        said = ", ".join(f"{one.object_class}: {one.code.replace('_', ' ')}" for one in each.classes)
        console.print(f"feedback {moments.told(each.said_at)}: {said}", markup=False)
    for delivery in dossier.deliveries:
        answer = "" if delivery.last_answer is None else f", {delivery.last_answer}"
        state = f"{delivery.status.replace('_', ' ')}, {_count(delivery.attempts, 'attempt')}{answer}"
        console.print(f"webhook delivery {delivery.id}: {state}", markup=False)


def _asked(job: Job) -> list[tuple[str, str]]:
    match job.kind:
        case JobKind.MATCH:
            asked = request_of(job, MatchRequest)
            named = "" if asked.target_custom_id is None else f", {asked.target_custom_id}"
            return [("target", asked.object_class + named)]
        case JobKind.DETECT:
            classes = request_of(job, DetectRequest).classes
            return [("classes", ", ".join(each.name + (" (with zones)" if each.exclusion else "") for each in classes))]
        case JobKind.ASK:
            return [("question", request_of(job, AskRequest).question)]
        case _:
            return []


def _has_zones(job: Job, position: int) -> bool:
    return job.kind == JobKind.DETECT and request_of(job, DetectRequest).classes[position].exclusion is not None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _said(dossier: Dossier, image: JobImage) -> list[str]:
    if image.left_out is not None:
        return [f"left out: {LEFT_OUT[image.left_out]}"]
    lines = [
        f"face, detected with {seen.detection_score:.3f}"
        + ("" if seen.identity_score is None else f", recognised with {seen.identity_score:.3f}")
        for seen in dossier.sightings.get(image.id, ())
    ]
    for decision in dossier.decisions.get(image.id, ()):
        verdict = "yes" if decision.verdict else "no"
        if decision.score is None:
            hidden = " outside of the zones that are ignored" if _has_zones(dossier.job, decision.position) else ""
            lines.append(f"{decision.object_class}: no, no face found{hidden}")
        elif decision.similarity is None:
            lines.append(
                f"{decision.object_class}: {'certain' if decision.verdict else 'unsure'}, detected with "
                f"{decision.score:.3f} (certain from {decision.threshold:.3f} up)"
            )
        else:
            lines.append(
                f"{decision.object_class}: {verdict}, similarity {decision.similarity:.3f} "
                f"(threshold {decision.threshold:.3f}), score {decision.score:.3f}"
            )
    return lines


def _told(dossier: Dossier) -> dict[str, Any]:
    job = dossier.job
    told: dict[str, Any] = _without_nulls(
        {
            "id": str(job.id),
            "kind": job.kind,
            "status": job.status,
            "organization": dossier.application.organization,
            "application": dossier.application.name,
            "customId": job.custom_id,
            "feedId": job.feed_id,
            "webhookUrl": job.webhook_url,
            "createdAt": job.created_at.isoformat(),
            "endedAt": None if job.ended_at is None else job.ended_at.isoformat(),
            "request": job.request,
            "images": [_image(dossier, image) for image in dossier.images if image.role == Role.SUBJECT],
            "references": [_image(dossier, image) for image in dossier.images if image.role != Role.SUBJECT],
            "feedback": [
                {
                    "id": str(each.id),
                    "saidAt": each.said_at.isoformat(),
                    "classes": [{"class": one.object_class, "code": one.code} for one in each.classes],
                }
                for each in dossier.feedback
            ],
            "deliveries": [
                {"id": str(each.id), "status": each.status, "attempts": each.attempts, "lastAnswer": each.last_answer}
                for each in dossier.deliveries
            ],
        }
    )
    return told


def _image(dossier: Dossier, image: JobImage) -> dict[str, Any]:
    return {
        "id": str(image.id),
        "role": image.role,
        "position": image.position,
        "status": image.status,
        "customId": image.custom_id,
        "url": image.source_url,
        "leftOut": image.left_out,
        "faces": [
            {
                "boundingBox": boxes.told(seen.box),
                "detectionScore": seen.detection_score,
                "identityId": None if seen.identity_id is None else str(seen.identity_id),
                "score": seen.identity_score,
            }
            for seen in dossier.sightings.get(image.id, ())
        ],
        "decisions": [
            {
                "class": each.object_class,
                "verdict": each.verdict,
                "similarity": each.similarity,
                "threshold": each.threshold,
                "score": each.score,
                "comparisons" if each.similarity is not None else "faces": each.face_count,
                "modelId": each.model_id,
                "boundingBox": None if each.box is None else boxes.told(each.box),
            }
            for each in dossier.decisions.get(image.id, ())
        ],
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value
