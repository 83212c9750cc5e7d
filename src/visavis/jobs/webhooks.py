"""Telling a job's own address that the job has ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

from visavis.jobs.deliveries import announce
from visavis.jobs.queue import Queue
from visavis.records import Event, Job, NewDelivery
from visavis.store.database import Transaction

Body = Callable[[Transaction, Job], Awaitable[bytes]]


class JobWebhooks:
    """Makes a delivery of a job's end, in the words of the dialect that the job came by."""

    def __init__(self, queue: Queue, body: Body) -> None:
        self._queue = queue
        self._body = body

    async def tell(self, db: Transaction, job: Job) -> None:
        """In the transaction that ends the job: whoever sees it ended can rely on its webhook being on the way."""
        if job.webhook_url is None:
            return
        new = NewDelivery(
            id=uuid4(),
            application_id=job.application_id,
            event=Event.JOB_ENDED,
            url=job.webhook_url,
            body=await self._body(db, job),
            job_id=job.id,
        )
        await announce(db, self._queue, new)
