"""Accepting a job: its row, its pictures and its queue entries commit together, or not at all."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from visavis.jobs.queue import Queue, WorkUnit
from visavis.records import Application, ImageStatus, Job, JobImage, NewImage, NewJob, Role
from visavis.store import jobs, namespaces
from visavis.store.blobs import Blobs
from visavis.store.database import Database

IMAGES_PER_UNIT = 16
"""Few enough that a full job spreads over four workers, enough that the queue costs little per picture."""


@dataclass(frozen=True, slots=True)
class AcceptedJob:
    """A job that is committed, with its pictures in the order of the request."""

    job: Job
    images: list[JobImage]


class Intake:
    """The one door through which jobs come in."""

    def __init__(self, database: Database, blobs: Blobs, queue: Queue) -> None:
        self._database = database
        self._blobs = blobs
        self._queue = queue

    async def accept(self, application: Application, new: NewJob, *, namespace: str | None = None) -> AcceptedJob:
        """Store a job. When this returns, it will end, whatever dies meanwhile.

        Args:
            namespace: where its faces come to rest; None for a job whose faces do not.
        Raises:
            StorageError: nothing was accepted.
        """
        job_id = uuid4()
        prefix = f"{application.organization_id}/{job_id}"
        images = _job_images(job_id, prefix, new.images)
        blobs = [
            (stored.blob_key, image.data)
            for stored, image in zip(images, new.images, strict=True)
            if stored.blob_key is not None and image.data is not None
        ]
        # Bytes first: a committed job never points at bytes that are not there. Should the process die in between,
        # bytes without a job are left, which the housekeeper removes.
        await asyncio.gather(*(self._blobs.put(key, data) for key, data in blobs))
        try:
            async with self._database.transaction() as db:
                place = (
                    None if namespace is None else await namespaces.ensure(db, application.organization_id, namespace)
                )
                job = await jobs.add(
                    db,
                    new,
                    job_id=job_id,
                    organization_id=application.organization_id,
                    application_id=application.id,
                    namespace_id=None if place is None else place.id,
                    images=images,
                )
                await self._queue.defer(db, _units(job_id, images))
        except BaseException:
            await self._blobs.delete([key for key, _ in blobs])
            raise
        return AcceptedJob(job, images)


def picture_key(prefix: str, image_id: UUID) -> str:
    """Where the copy of a picture lies; ``prefix`` is that of its organisation and job."""
    return f"{prefix}/{image_id}"


def _job_images(job_id: UUID, prefix: str, new: Sequence[NewImage]) -> list[JobImage]:
    positions = defaultdict[Role, Iterator[int]](itertools.count)
    images = []
    for each in new:
        image_id = uuid4()
        images.append(
            JobImage(
                id=image_id,
                job_id=job_id,
                role=each.role,
                position=next(positions[each.role]),
                status=ImageStatus.IN_PROGRESS,
                custom_id=each.custom_id,
                source_url=each.source_url,
                blob_key=None if each.data is None else picture_key(prefix, image_id),
            )
        )
    return images


def _units(job_id: UUID, images: list[JobImage]) -> list[WorkUnit]:
    return [
        WorkUnit(job_id, tuple(image.id for image in images[start : start + IMAGES_PER_UNIT]))
        for start in range(0, len(images), IMAGES_PER_UNIT)
    ]
