"""Rows of collections and the files in them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from visavis.errors import Conflict
from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import (
    listing_parameters,
    new,
    one,
    page,
    pop_sampling,
    rows,
    sampling_columns,
    video_file,
)
from visavis.video_records import Collection, CollectionMember, Listing, Page, Sampling, VideoStatus

_SQL = Queries.beside(__file__)


async def add(
    db: Transaction,
    *,
    collection_id: UUID,
    organization_id: UUID,
    name: str,
    description: str | None,
    sampling: Sampling,
) -> Collection:
    """Make a collection.

    Raises:
        Conflict: the organisation has one of that name.
    """
    parameters = {
        "id": collection_id,
        "organization_id": organization_id,
        "name": name,
        "description": description,
        **sampling_columns(sampling),
    }
    try:
        async with db.transaction():
            await db.execute(_SQL["add"], parameters)
    except UniqueViolation as error:
        raise _taken() from error
    return await new(db, _collection, _SQL["get"], parameters)


async def get(db: Transaction, organization_id: UUID, collection_id: UUID) -> Collection | None:
    """One collection of an organisation."""
    return await one(db, _collection, _SQL["get"], {"organization_id": organization_id, "id": collection_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[Collection]:
    """Collections of an organisation, newest first or by name."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = _SQL["by_name" if listing.by_name else "search_newest"]
    found = rows(db, _collection, newest_or_oldest(statement, ascending=listing.ascending), parameters)
    return await page(db, found, _SQL["total"], parameters)


async def update(
    db: Transaction, organization_id: UUID, collection_id: UUID, *, name: str | None, description: str | None
) -> Collection | None:
    """Change a collection; None leaves a field as it is.

    Raises:
        Conflict: the organisation has another one of that name.
    """
    parameters = {
        "organization_id": organization_id,
        "id": collection_id,
        "name": name,
        "description": description,
    }
    try:
        async with db.transaction():
            await db.execute(_SQL["update"], parameters)
    except UniqueViolation as error:
        raise _taken() from error
    return await get(db, organization_id, collection_id)


async def remove(db: Transaction, collection_id: UUID) -> None:
    """Erase a collection; its files stay."""
    await db.execute(_SQL["remove"], {"id": collection_id})


async def add_member(db: Transaction, collection_id: UUID, file_id: UUID) -> bool:
    """Put a file into a collection; whether it was not there before."""
    cursor = await db.execute(_SQL["add_member"], {"id": collection_id, "file_id": file_id})
    return cursor.rowcount == 1


async def set_detection(db: Transaction, collection_id: UUID, file_id: UUID, detection_id: UUID) -> None:
    """Which faces of a file the collection has."""
    await db.execute(_SQL["set_detection"], {"id": collection_id, "file_id": file_id, "detection_id": detection_id})


async def remove_member(db: Transaction, collection_id: UUID, file_id: UUID) -> None:
    """Take a file out of a collection."""
    await db.execute(_SQL["remove_member"], {"id": collection_id, "file_id": file_id})


async def member(db: Transaction, collection_id: UUID, file_id: UUID) -> CollectionMember | None:
    """A file in a collection."""
    return await one(db, _member, _SQL["member"], {"id": collection_id, "file_id": file_id})


async def members(db: Transaction, collection_id: UUID, listing: Listing) -> Page[CollectionMember]:
    """Files in a collection, the last added first, or by name."""
    parameters = {"id": collection_id, **listing_parameters(listing)}
    statement = _SQL["members_by_name" if listing.by_name else "members_newest"]
    found = rows(db, _member, newest_or_oldest(statement, ascending=listing.ascending), parameters)
    return await page(db, found, _SQL["members_total"], parameters)


async def of_file(db: Transaction, file_id: UUID) -> list[CollectionMember]:
    """What a file is in every collection that has it."""
    return await rows(db, _member, _SQL["of_file"], {"file_id": file_id})


async def of_detection(db: Transaction, detection_id: UUID) -> list[CollectionMember]:
    """What a detection's file is in every collection that has these faces."""
    return await rows(db, _member, _SQL["of_detection"], {"detection_id": detection_id})


def _taken() -> Conflict:
    return Conflict("There is a collection of that name.")


def _collection(row: dict[str, Any]) -> Collection:
    return Collection(sampling=pop_sampling(row), **row)


def _member(row: dict[str, Any]) -> CollectionMember:
    own = {name: row.pop(name) for name in ("collection_id", "detection_id", "member_status", "added_at")}
    return CollectionMember(
        collection_id=own["collection_id"],
        file=video_file(row),
        detection_id=own["detection_id"],
        status=VideoStatus(own["member_status"]),
        added_at=own["added_at"],
    )
