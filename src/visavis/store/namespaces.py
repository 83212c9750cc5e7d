"""Rows of namespaces, and the lock of each."""

from __future__ import annotations

from uuid import UUID, uuid4

from visavis.records import Namespace
from visavis.store.database import Transaction
from visavis.store.rows import fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def find(db: Transaction, organization_id: UUID, name: str) -> Namespace | None:
    """The namespace of that name, if anybody has used it."""
    return await fetch_one(db, Namespace, _SQL["find"], {"organization_id": organization_id, "name": name})


async def ensure(db: Transaction, organization_id: UUID, name: str) -> Namespace:
    """The namespace of that name; it comes into being by use."""
    while True:
        found = await find(db, organization_id, name)
        if found is not None:
            return found
        await db.execute(_SQL["add"], {"id": uuid4(), "organization_id": organization_id, "name": name})


async def lock(db: Transaction, namespace_id: UUID) -> None:
    """Hold the namespace until this transaction ends: two workers never make two groups for one new person."""
    await db.execute(_SQL["lock"], {"id": namespace_id})
