"""Rows of deliveries: events on their way to an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visavis.records import Delivery, DeliveryStatus, Event, NewDelivery
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_new, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class ListedDelivery:
    """A delivery as an operator sees it: whose it is, and how far; not what it says."""

    id: UUID
    organization: str
    application: str
    job_id: UUID | None
    event: Event
    url: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_answer: str | None
    created_at: datetime
    ended_at: datetime | None


async def add(db: Transaction, new: NewDelivery) -> Delivery:
    """Store an event that waits to be sent."""
    return await fetch_new(
        db,
        Delivery,
        _SQL["add"],
        {
            "id": new.id,
            "application_id": new.application_id,
            "job_id": new.job_id,
            "namespace_id": new.namespace_id,
            "video_webhook_id": new.video_webhook_id,
            "file_id": new.file_id,
            "event": new.event,
            "url": new.url,
            "body": new.body,
        },
    )


async def get(db: Transaction, delivery_id: UUID) -> Delivery | None:
    """One delivery. For workers, which serve every organisation."""
    return await fetch_one(db, Delivery, _SQL["get"], {"id": delivery_id})


async def lock(db: Transaction, delivery_ids: Sequence[UUID]) -> list[Delivery]:
    """Those of some deliveries that are known, held until this transaction ends."""
    return await fetch_all(db, Delivery, _SQL["lock"], {"ids": list(delivery_ids)})


async def record_attempt(
    db: Transaction,
    delivery_id: UUID,
    *,
    attempts: int,
    status: DeliveryStatus,
    answer: str,
    retry_after_s: float | None = None,
) -> bool:
    """Write down how an attempt went.

    Args:
        attempts: how many there were before this one.
        retry_after_s: when the next one is due, if the delivery goes on waiting.
    Returns:
        whether it counts: not if the delivery was erased, or another run of the same attempt was faster.
    """
    cursor = await db.execute(
        _SQL["record_attempt"],
        {
            "id": delivery_id,
            "attempts": attempts,
            "status": status,
            "answer": answer,
            "retry_after_s": retry_after_s,
        },
    )
    return cursor.rowcount == 1


async def list_newest(
    db: Transaction,
    *,
    organization: str | None = None,
    status: DeliveryStatus | None = None,
    job_id: UUID | None = None,
    limit: int = 50,
) -> list[ListedDelivery]:
    """Deliveries of every organisation, or one, newest first. For the operator."""
    return await fetch_all(
        db,
        ListedDelivery,
        _SQL["list_newest"],
        {"organization": organization, "status": status, "job_id": job_id, "limit": limit},
    )


async def count_waiting(db: Transaction) -> int:
    """How many deliveries have neither arrived nor been given up."""
    cursor = await db.execute(_SQL["count_waiting"])
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def make_due(db: Transaction, delivery_ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Let the next attempt be due now; those given up wait again, and count from the first attempt.

    Returns:
        ids and attempts so far; delivered ones are not among them.
    """
    cursor = await db.execute(_SQL["make_due"], {"ids": list(delivery_ids)})
    return await cursor.fetchall()


async def make_given_up_due(db: Transaction) -> list[tuple[UUID, int]]:
    """As ``make_due``, for every delivery that was given up."""
    cursor = await db.execute(_SQL["make_given_up_due"])
    return await cursor.fetchall()


async def remove_ended(db: Transaction, *, before: datetime) -> int:
    """Forget deliveries that ended before a moment; how many it were."""
    cursor = await db.execute(_SQL["remove_ended"], {"before": before})
    return cursor.rowcount


async def remove_of_file(db: Transaction, file_id: UUID) -> None:
    """Forget what was to be told of a file."""
    await db.execute(_SQL["remove_of_file"], {"file_id": file_id})
