"""Searches of what faces belong to, where an id may be that of any face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from visavis.records import Search
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.rows import Record, fetch_all
from visavis.store.sql import newest_or_oldest

# So many, and ten for each that is wanted, are looked at one by one, which takes a few milliseconds, before all faces
# with the ids are looked up, which are many where the ids are in use.
_FEW = 1_000


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of such a search: among the newest, whether there are others, by way of the faces."""

    newest: LiteralString
    has_more: LiteralString
    by_faces: LiteralString


async def search_by_faces(
    db: Transaction,
    record: type[Record],
    statements: Statements,
    namespace_id: UUID,
    search: Search,
    *,
    by_faces: bool,
) -> list[Record]:
    """Run a search.

    Args:
        by_faces: it asks for ids that faces have, and what it asks for beside them leaves much to look through.
    """
    few = _FEW + 10 * (search.offset + search.limit) if by_faces else None
    parameters = {**search_parameters(search), "namespace_id": namespace_id, "among": few}

    async def run(statement: LiteralString) -> list[Record]:
        in_order = newest_or_oldest(statement, ascending=search.ascending)
        return await fetch_all(db, record, in_order, parameters, prepare=False)

    found = await run(statements.newest)
    if not by_faces or len(found) == search.limit or not await _has_more(db, statements.has_more, parameters):
        return found
    return await run(statements.by_faces)


async def _has_more(db: Transaction, statement: LiteralString, parameters: dict[str, Any]) -> bool:
    cursor = await db.execute(statement, parameters, prepare=False)
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
