"""Rows of registered webhooks."""

from __future__ import annotations

from uuid import UUID

from visavis.records import Webhook
from visavis.store.database import Transaction
from visavis.store.rows import fetch_new, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def put(db: Transaction, application_id: UUID, *, webhook_id: UUID, url: str, secret_key: str | None) -> Webhook:
    """Register an application's address; it takes the place of the one before."""
    return await fetch_new(
        db,
        Webhook,
        _SQL["put"],
        {"application_id": application_id, "id": webhook_id, "url": url, "secret_key": secret_key},
    )


async def get(db: Transaction, application_id: UUID) -> Webhook | None:
    """What an application has registered."""
    return await fetch_one(db, Webhook, _SQL["get"], {"application_id": application_id})
