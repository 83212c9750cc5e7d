"""Rows of organisations, applications and signing keys."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation

from visavis.errors import InvalidRequest
from visavis.records import Application
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def add(
    db: Transaction,
    *,
    organization: str,
    name: str,
    client_id: str,
    client_secret_hash: bytes,
    api_key_hash: bytes,
    subscription_key_hash: bytes,
    scopes: list[str],
) -> UUID:
    """Make an application, and its organisation if that is new.

    Raises:
        InvalidRequest: the organisation has an application of that name already.
    """
    cursor = await db.execute(_SQL["add_organization"], {"id": uuid4(), "name": organization})
    row = await cursor.fetchone()
    if row is None:  # made by somebody else between our two looks; it is there now
        return await add(
            db,
            organization=organization,
            name=name,
            client_id=client_id,
            client_secret_hash=client_secret_hash,
            api_key_hash=api_key_hash,
            subscription_key_hash=subscription_key_hash,
            scopes=scopes,
        )
    application_id = uuid4()
    try:
        await db.execute(
            _SQL["add"],
            {
                "id": application_id,
                "organization_id": row[0],
                "name": name,
                "client_id": client_id,
                "client_secret_hash": client_secret_hash,
                "api_key_hash": api_key_hash,
                "subscription_key_hash": subscription_key_hash,
                "scopes": scopes,
            },
        )
    except UniqueViolation as error:
        raise InvalidRequest(
            f"{organization} has an application named {name} already; revoke it first, or take another name."
        ) from error
    return application_id


async def get(db: Transaction, application_id: UUID) -> Application | None:
    """One application, revoked or not."""
    return await fetch_one(db, Application, _SQL["get"], {"id": application_id})


async def secret_of(db: Transaction, client_id: str) -> tuple[UUID, bytes] | None:
    """The id and the secret's hash of an application that is in force."""
    cursor = await db.execute(_SQL["by_client_id"], {"client_id": client_id})
    return await cursor.fetchone()


async def by_subscription_key(db: Transaction, key_hash: bytes) -> Application | None:
    """The application in force that has a subscription key of this hash."""
    return await fetch_one(db, Application, _SQL["by_subscription_key"], {"key_hash": key_hash})


async def by_api_key(db: Transaction, key_hash: bytes) -> Application | None:
    """The application in force that has an API key of this hash."""
    return await fetch_one(db, Application, _SQL["by_api_key"], {"key_hash": key_hash})


async def list_all(db: Transaction) -> list[Application]:
    """Every application there ever was, by organisation and name."""
    return await fetch_all(db, Application, _SQL["list"])


async def revoke(db: Transaction, *, organization: str, name: str) -> bool:
    """End an application's access; False when no such application is in force."""
    cursor = await db.execute(_SQL["revoke"], {"organization": organization, "name": name})
    return await cursor.fetchone() is not None


async def signing_key(db: Transaction, *, purpose: str, fresh: bytes) -> bytes:
    """The secret of a purpose; ``fresh`` becomes it when there is none yet."""
    while True:
        cursor = await db.execute(_SQL["signing_key"], {"purpose": purpose, "secret": fresh})
        row = await cursor.fetchone()
        if row is not None:  # None: another server made it between our two looks
            return bytes(row[0])
