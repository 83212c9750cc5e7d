"""Rows of searches by face over collections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Json

from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import criteria_json, listing_parameters, one, page, required_box, rows
from visavis.video_records import Criterion, FaceSearch, Listing, Page, SearchHit, VideoStatus

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class OpenSearch:
    """A search that has not ended, as a worker needs it. ``false_match_rate``: the organisation's operating point."""

    id: UUID
    most: int
    threshold: float | None
    false_match_rate: float
    source_url: str | None
    source_data: bytes | None = field(repr=False)


async def add(
    db: Transaction,
    *,
    search_id: UUID,
    organization_id: UUID,
    query: str,
    collection_ids: Sequence[UUID],
    criteria: tuple[Criterion, ...],
    limit: int,
    threshold: float | None,
    by_file: bool,
    by_item_count: bool,
    source_url: str | None,
    source_data: bytes | None,
) -> None:
    """Store a search that a worker is to make."""
    await db.execute(
        _SQL["add"],
        {
            "id": search_id,
            "organization_id": organization_id,
            "query": query,
            "collection_ids": list(collection_ids),
            "criteria": criteria_json(criteria),
            "most": limit,
            "threshold": threshold,
            "by_file": by_file,
            "by_item_count": by_item_count,
            "source_url": source_url,
            "source_data": source_data,
        },
    )


async def state(db: Transaction, search_id: UUID) -> FaceSearch | None:
    """A search, however far it is. For whoever made it and waits."""
    return await one(db, _search, _SQL["state"], {"id": search_id})


async def get(db: Transaction, organization_id: UUID, search_id: UUID) -> FaceSearch | None:
    """One search of an organisation that has ended well."""
    return await one(db, _search, _SQL["get"], {"organization_id": organization_id, "id": search_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[FaceSearch]:
    """Searches of an organisation that have ended well, newest first."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = newest_or_oldest(_SQL["search_newest"], ascending=listing.ascending)
    return await page(db, rows(db, _search, statement, parameters), _SQL["total"], parameters)


async def open_search(db: Transaction, search_id: UUID) -> OpenSearch | None:
    """A search that has not ended, held until this transaction ends."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["open_search"], {"id": search_id})
        row: dict[str, Any] | None = await cursor.fetchone()
    return None if row is None else OpenSearch(**row)


async def gallery(db: Transaction, search_id: UUID) -> dict[UUID, UUID]:
    """Where a search looks: detections and the collection each is in.

    Those of files that fulfil the search's criteria; a file in several collections once in each.
    """
    cursor = await db.execute(_SQL["gallery"], {"id": search_id})
    return {row[0]: row[1] async for row in cursor}


async def complete(db: Transaction, search_id: UUID, hits: Sequence[SearchHit]) -> None:
    """A search has ended; its picture is gone when the transaction commits."""
    told = [
        {
            "rank": rank,
            "file_id": str(hit.file_id),
            "collection_id": str(hit.collection_id),
            "face_id": str(hit.face_id),
            "frame_id": str(hit.frame_id),
            "time_s": hit.time_s,
            "score": hit.score,
            **box_columns(hit.box),
        }
        for rank, hit in enumerate(hits)
    ]
    await db.execute(_SQL["add_hits"], {"id": search_id, "hits": Json(told)})
    await db.execute(_SQL["complete"], {"id": search_id})


async def fail(db: Transaction, search_id: UUID, failure: str) -> None:
    """A search cannot be made."""
    await db.execute(_SQL["fail"], {"id": search_id, "failure": failure})


async def remove(db: Transaction, search_id: UUID) -> None:
    """Forget a search."""
    await db.execute(_SQL["remove"], {"id": search_id})


async def hits(db: Transaction, search_id: UUID) -> list[SearchHit]:
    """What a search has found, best first."""
    return await rows(db, lambda row: SearchHit(box=required_box(row), **row), _SQL["hits"], {"id": search_id})


def _search(row: dict[str, Any]) -> FaceSearch:
    return FaceSearch(status=VideoStatus(row.pop("status")), **row)
