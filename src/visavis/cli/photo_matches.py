"""``visavis photomatch``: the record of a decision about two photos."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from visavis import wiring
from visavis.cli import boxes, moments
from visavis.cli.left_out import LEFT_OUT
from visavis.errors import NotFound
from visavis.records import Application, CountedFace, Decision, Job, JobImage, JobKind, JobStatus, Role
from visavis.settings import read_settings
from visavis.store import applications, counted_faces, decisions, jobs

app = typer.Typer(help="Look into photo matches.", no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Record:
    """All that is kept of a photo match."""

    job: Job
    application: Application
    photos: tuple[JobImage, JobImage]  # the one that is to be verified, the one it is compared with
    faces: Mapping[UUID, CountedFace]
    decision: Decision | None

    @property
    def verdict(self) -> str:
        """One word, or two."""
        if self.job.status == JobStatus.IN_PROGRESS:
            return "pending"
        if self.job.status != JobStatus.COMPLETED or self.decision is None:
            return "error"
        return "match" if self.decision.verdict else "no match"


@app.command("show")
def show(
    request_id: Annotated[UUID, typer.Argument(metavar="ID", help="The id of the photo match.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the record of a photo match.

    Both photos, their faces and the faces' quality, similarity, score,
    threshold, models, who asked and when.
    """
    record = asyncio.run(_load(request_id))
    if as_json:
        typer.echo(json.dumps(_told(record), indent=2))
    else:
        _print(record)


async def _load(request_id: UUID) -> Record:
    with wiring.database_url(read_settings()) as url:
        async with wiring.open_database(url) as database, database.transaction() as db:
            job = await jobs.of_unit(db, request_id)
            application = None if job is None else await applications.get(db, job.application_id)
            if job is None or application is None or job.kind != JobKind.PHOTO_MATCH:
                raise NotFound(f"There is no photo match {request_id}; `visavis jobs show` shows jobs of other kinds.")
            of_role = {image.role: image for image in (await jobs.images_of(db, [job.id]))[job.id]}
            photos = of_role[Role.SUBJECT], of_role[Role.TARGET]
            decided = (await decisions.of_jobs(db, [job.id])).get(photos[0].id, [])
            counted = await counted_faces.of_job(db, job.id)
    return Record(job, application, photos, counted, decided[0] if decided else None)


def _print(record: Record) -> None:
    job, decision, console = record.job, record.decision, Console(highlight=False)
    console.print(f"photo match {job.id}", soft_wrap=True)
    summary = Table(show_header=False)
    summary.add_row("verdict", record.verdict)
    if decision is not None and decision.similarity is not None and decision.score is not None:
        summary.add_row("similarity", f"{decision.similarity:.4f}  (threshold {decision.threshold:.4f})")
        summary.add_row("score", f"{decision.score:.5f}  (0.5 at the threshold)")
        summary.add_row("models", decision.model_id)
    summary.add_row("operating point", f"1 in {1 / job.false_match_rate:,.0f} of two different people pass")
    asked_by = f"{record.application.organization} / {record.application.name}"
    summary.add_row("asked by", escape(asked_by))
    summary.add_row("asked at", moments.told(job.created_at))
    if job.ended_at is not None:
        summary.add_row("ended at", moments.told(job.ended_at))
    if job.custom_id is not None:
        summary.add_row("reference", escape(job.custom_id))
    console.print(summary)
    photos = Table(title="Photos", show_lines=True)
    photos.add_column("photo", no_wrap=True, min_width=36)
    for name in ("status", "face"):
        photos.add_column(name, overflow="fold")
    for name, image in zip(("to be verified", "compared with"), record.photos, strict=True):
        photos.add_row(f"{name}\n{image.id}", _status(image), "\n".join(_face(record.faces.get(image.id))))
    console.print(photos)


def _status(image: JobImage) -> str:
    return image.status.replace("_", " ") if image.left_out is None else LEFT_OUT[image.left_out]


def _face(face: CountedFace | None) -> list[str]:
    if face is None:
        return []
    box = face.box
    return [
        f"box {box.x_min:.3f}, {box.y_min:.3f} to {box.x_max:.3f}, {box.y_max:.3f}",
        f"detected with {face.detection_score:.3f}, sharpness {face.sharpness:.3f}, "
        f"{'frontal' if face.is_frontal else 'turned away'}",
        f"{face.face_count} in the photo; the largest counts" if face.face_count > 1 else "the only one in the photo",
    ]


def _told(record: Record) -> dict[str, Any]:
    job, decision = record.job, record.decision
    return {
        "id": str(job.id),
        "verdict": record.verdict,
        "similarity": None if decision is None else decision.similarity,
        "threshold": None if decision is None else decision.threshold,
        "score": None if decision is None else decision.score,
        "modelId": None if decision is None else decision.model_id,
        "falseMatchRate": job.false_match_rate,
        "organization": record.application.organization,
        "application": record.application.name,
        "applicationId": str(record.application.id),
        "externalReference": job.custom_id,
        "receivedAt": job.created_at.isoformat(),
        "completedAt": None if job.ended_at is None else job.ended_at.isoformat(),
        "photos": [
            {
                "id": str(image.id),
                "role": role,
                "status": image.status,
                "leftOut": image.left_out,
                "face": _face_told(record.faces.get(image.id)),
            }
            for role, image in zip(("subject", "target"), record.photos, strict=True)
        ],
    }


def _face_told(face: CountedFace | None) -> dict[str, Any] | None:
    if face is None:
        return None
    return {
        "boundingBox": boxes.told(face.box),
        "detectionScore": face.detection_score,
        "sharpness": face.sharpness,
        "isFrontal": face.is_frontal,
        "facesInPhoto": face.face_count,
    }
