"""Searches of what faces belong to, where an id may be that of any face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from visavis.records import Search
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.rows import Record, fetch_all
from visavis.store.sql import newest_or_oldest

# All that have one of some faces are found in a time that grows with these faces, a millisecond for a thousand. Ids
# that more faces have are mostly found among the newest, looked at one by one: so many, and ten for each wanted.
_MANY_FACES = 1_000
_NEWEST = 1_000


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of such a search.

    ``newest`` looks for the ids among the newest, ``has_more`` says whether there are others. ``has_many_faces`` says
    whether many faces have the ids, ``by_faces`` begins with these faces.
    """

    newest: LiteralString
    has_more: LiteralString
    has_many_faces: LiteralString
    by_faces: LiteralString


async def search_by_faces(
    db: Transaction,
    record: type[Record],
    statements: Statements,
    namespace_id: UUID,
    search: Search,
    *,
    by_faces: bool,
    narrow: bool,
) -> list[Record]:
    """Run a search.

    Args:
        by_faces: it asks for ids that faces have.
        narrow: what it asks for beside them leaves few to look through.
    """
    wanted = search.offset + search.limit
    among = None if narrow else _NEWEST + 10 * wanted if by_faces else wanted
    parameters = {
        **search_parameters(search),
        "namespace_id": namespace_id,
        "by_faces": by_faces,
        "among": among,
        "many": _MANY_FACES,
    }

    async def run(statement: LiteralString) -> list[Record]:
        in_order = newest_or_oldest(statement, ascending=search.ascending)
        return await fetch_all(db, record, in_order, parameters, prepare=False)

    async def holds(statement: LiteralString) -> bool:
        cursor = await db.execute(statement, parameters, prepare=False)
        row = await cursor.fetchone()
        return row is not None and bool(row[0])

    if narrow or not by_faces:
        return await run(statements.newest)
    if await holds(statements.has_many_faces):
        found = await run(statements.newest)
        if len(found) == search.limit or not await holds(statements.has_more):
            return found
    return await run(statements.by_faces)
