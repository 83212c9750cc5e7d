"""Rows of jobs and their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from visavis.records import ImageStatus, Job, JobImage, JobKind, LeftOut, NewJob, Search
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_new, fetch_one
from visavis.store.sql import Queries, newest_or_oldest

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class EndedImage:
    """How a picture ended; ``blob_key`` is where its copy lies, if one was made."""

    id: UUID
    status: ImageStatus
    blob_key: str | None


async def add(
    db: Transaction,
    new: NewJob,
    *,
    job_id: UUID,
    organization_id: UUID,
    application_id: UUID,
    namespace_id: UUID | None,
    images: Sequence[JobImage],
) -> Job:
    """Store a job and its pictures, which are open."""
    job = await fetch_new(
        db,
        Job,
        _SQL["add"],
        {
            "id": job_id,
            "organization_id": organization_id,
            "application_id": application_id,
            "namespace_id": namespace_id,
            "kind": new.kind,
            "custom_id": new.custom_id,
            "feed_id": new.feed_id,
            "webhook_url": new.webhook_url,
            "request": None if new.request is None else Json(new.request),
            "base_url": new.base_url,
        },
    )
    await db.execute(
        _SQL["add_images"],
        {
            "job_id": job_id,
            "ids": [image.id for image in images],
            "roles": [str(image.role) for image in images],
            "positions": [image.position for image in images],
            "custom_ids": [image.custom_id for image in images],
            "source_urls": [image.source_url for image in images],
            "blob_keys": [image.blob_key for image in images],
        },
    )
    return job


async def get(
    db: Transaction, job_id: UUID, *, organization_id: UUID, namespace_id: UUID | None, kind: JobKind
) -> Job | None:
    """One job of an organisation's namespace, or of none."""
    return await fetch_one(
        db,
        Job,
        _SQL["get"],
        {"id": job_id, "organization_id": organization_id, "namespace_id": namespace_id, "kind": kind},
    )


async def of_unit(db: Transaction, job_id: UUID) -> Job | None:
    """The job of a work unit. For workers, which serve every organisation."""
    return await fetch_one(db, Job, _SQL["of_unit"], {"id": job_id})


async def search(
    db: Transaction, search: Search, *, organization_id: UUID, namespace_id: UUID | None, kind: JobKind
) -> list[Job]:
    """Jobs of one namespace, or of none."""
    statement = _SQL["search_newest" if search.ids is None else "search_ids_newest"]
    return await fetch_all(
        db,
        Job,
        newest_or_oldest(statement, ascending=search.ascending),
        {
            **search_parameters(search),
            "organization_id": organization_id,
            "namespace_id": namespace_id,
            "kind": kind,
        },
        prepare=False,
    )


async def images_of(db: Transaction, job_ids: Iterable[UUID]) -> dict[UUID, list[JobImage]]:
    """The pictures of some jobs, of each those of one role after the other, in the order of the request."""
    images: dict[UUID, list[JobImage]] = {job_id: [] for job_id in job_ids}
    for image in await fetch_all(db, JobImage, _SQL["images_of"], {"job_ids": list(images)}):
        images[image.job_id].append(image)
    return images


async def image(db: Transaction, image_id: UUID, *, organization_id: UUID, kind: JobKind) -> JobImage | None:
    """One picture of an organisation's jobs of a kind."""
    return await fetch_one(
        db, JobImage, _SQL["image"], {"id": image_id, "organization_id": organization_id, "kind": kind}
    )


async def open_images(db: Transaction, job_id: UUID, image_ids: Sequence[UUID]) -> list[JobImage]:
    """Those of some pictures of a job that have not ended yet."""
    return await fetch_all(db, JobImage, _SQL["open_images"], {"job_id": job_id, "image_ids": list(image_ids)})


async def lock(db: Transaction, job_id: UUID) -> None:
    """Hold the job until this transaction ends."""
    await db.execute(_SQL["lock"], {"id": job_id})


async def end_images(db: Transaction, job_id: UUID, ended: Sequence[EndedImage]) -> set[UUID]:
    """End pictures of a job.

    Returns:
        the ids of those that had not ended before; nothing changes for the others.
    """
    cursor = await db.execute(
        _SQL["end_images"],
        {
            "job_id": job_id,
            "ids": [each.id for each in ended],
            "statuses": [str(each.status) for each in ended],
            "blob_keys": [each.blob_key for each in ended],
        },
    )
    return {row[0] async for row in cursor}


async def is_decidable(db: Transaction, job_id: UUID) -> bool:
    """Whether the last picture of a job has ended, and the job has not."""
    cursor = await db.execute(_SQL["is_decidable"], {"id": job_id})
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def leave_out(db: Transaction, job_id: UUID, reasons: Mapping[UUID, LeftOut]) -> None:
    """Say why pictures do not count."""
    await db.execute(
        _SQL["leave_out"],
        {"job_id": job_id, "ids": list(reasons), "reasons": [str(reason) for reason in reasons.values()]},
    )


async def fail_images(db: Transaction, job_id: UUID, image_ids: Iterable[UUID], status: ImageStatus) -> None:
    """Take back that pictures have ended well, before the job has ended."""
    await db.execute(_SQL["fail_images"], {"job_id": job_id, "ids": list(image_ids), "status": status})


async def fail_subjects(db: Transaction, job_id: UUID, status: ImageStatus) -> None:
    """Nothing can be said of any picture that a job is about, for a reason that lies elsewhere."""
    await db.execute(_SQL["fail_subjects"], {"job_id": job_id, "status": status})


async def finish(db: Transaction, job_id: UUID) -> Job | None:
    """End the job if its last picture has ended; None when it goes on, or had ended before."""
    return await fetch_one(db, Job, _SQL["finish"], {"id": job_id})


async def existing(db: Transaction, job_ids: Iterable[UUID]) -> set[UUID]:
    """Those of some job ids that are known."""
    cursor = await db.execute(_SQL["existing"], {"ids": list(job_ids)})
    return {row[0] async for row in cursor}


def search_parameters(search: Search) -> dict[str, Any]:
    """A search as parameters of the statements that share its filters.

    These statements are never prepared: with one plan for all searches, most would be slow.
    """
    return {
        "limit": search.limit,
        "offset": search.offset,
        "after": search.after,
        "before": search.before,
        "ids": None if search.ids is None else list(search.ids),
        "custom_ids": None if search.custom_ids is None else list(search.custom_ids),
        "without_custom_id": search.without_custom_id,
        "feed_ids": None if search.feed_ids is None else list(search.feed_ids),
        "without_feed_id": search.without_feed_id,
    }
