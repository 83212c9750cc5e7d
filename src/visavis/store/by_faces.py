"""Searches of what faces belong to, where an id may be that of any face."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from visavis.records import Search
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.rows import Record, fetch_all
from visavis.store.sql import Queries, newest_or_oldest

# So many are looked at one by one, a few milliseconds, before all faces with the ids are looked up, which are many where
# the ids are in use.
_FEW = 4_000


async def search_by_faces(
    db: Transaction, record: type[Record], queries: Queries, namespace_id: UUID, search: Search, *, by_faces: bool
) -> list[Record]:
    """Run a search whose statements are ``search_newest``, ``has_more`` and ``search_by_faces_newest``.

    Args:
        by_faces: it asks for ids that faces have, and what it asks for beside them leaves much to look through.
    """
    parameters = {**search_parameters(search), "namespace_id": namespace_id, "among": _FEW if by_faces else None}

    async def run(name: str) -> list[Record]:
        statement = newest_or_oldest(queries[name], ascending=search.ascending)
        return await fetch_all(db, record, statement, parameters, prepare=False)

    found = await run("search_newest")
    if not by_faces or len(found) == search.limit or not await _has_more(db, queries, parameters):
        return found
    return await run("search_by_faces_newest")


async def _has_more(db: Transaction, queries: Queries, parameters: dict[str, Any]) -> bool:
    cursor = await db.execute(queries["has_more"], parameters, prepare=False)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
