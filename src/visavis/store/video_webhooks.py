"""Rows of addresses that want to hear of files."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from visavis.records import Application
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_new, fetch_one
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import count, listing_parameters
from visavis.video_records import Listing, Page, VideoWebhook

_SQL = Queries.beside(__file__)


async def add(
    db: Transaction,
    application: Application,
    *,
    endpoint: str,
    secret: str,
    description: str | None,
    events: Sequence[str],
) -> VideoWebhook:
    """Register an address."""
    return await fetch_new(
        db,
        VideoWebhook,
        _SQL["add"],
        {
            "id": uuid4(),
            "organization_id": application.organization_id,
            "application_id": application.id,
            "endpoint": endpoint,
            "secret": secret,
            "description": description,
            "events": list(events),
        },
    )


async def get(db: Transaction, organization_id: UUID, webhook_id: UUID) -> VideoWebhook | None:
    """One address of an organisation."""
    return await fetch_one(db, VideoWebhook, _SQL["get"], {"organization_id": organization_id, "id": webhook_id})


async def of_delivery(db: Transaction, webhook_id: UUID) -> VideoWebhook | None:
    """One address. For workers, which serve every organisation."""
    return await fetch_one(db, VideoWebhook, _SQL["of_delivery"], {"id": webhook_id})


async def listening(db: Transaction, organization_id: UUID) -> list[VideoWebhook]:
    """The addresses of an organisation that want to hear of anything, now."""
    return await fetch_all(db, VideoWebhook, _SQL["listening"], {"organization_id": organization_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[VideoWebhook]:
    """Addresses of an organisation, newest first."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = newest_or_oldest(_SQL["search_newest"], ascending=listing.ascending)
    found = await fetch_all(db, VideoWebhook, statement, parameters)
    return Page(found, await count(db, _SQL["total"], parameters))


async def update(
    db: Transaction,
    organization_id: UUID,
    webhook_id: UUID,
    *,
    endpoint: str | None,
    description: str | None,
    events: Sequence[str] | None,
    is_active: bool | None,
) -> VideoWebhook | None:
    """Change an address; None leaves a field as it is."""
    return await fetch_one(
        db,
        VideoWebhook,
        _SQL["update"],
        {
            "organization_id": organization_id,
            "id": webhook_id,
            "endpoint": endpoint,
            "description": description,
            "events": None if events is None else list(events),
            "is_active": is_active,
        },
    )


async def remove(db: Transaction, organization_id: UUID, webhook_id: UUID) -> bool:
    """Forget an address and what was on its way to it; whether it was there."""
    cursor = await db.execute(_SQL["remove"], {"organization_id": organization_id, "id": webhook_id})
    return cursor.rowcount == 1
