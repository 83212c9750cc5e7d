"""Rows as records: the columns of a statement are the fields of a frozen dataclass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString, TypeVar

from psycopg.rows import class_row

from visavis.store.database import Transaction

Record = TypeVar("Record")


async def fetch_one(
    db: Transaction, record: type[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record | None:
    """The first row, or None."""
    async with db.cursor(row_factory=class_row(record)) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()


async def fetch_all(
    db: Transaction,
    record: type[Record],
    statement: LiteralString,
    parameters: Mapping[str, Any] | None = None,
) -> list[Record]:
    """All rows."""
    async with db.cursor(row_factory=class_row(record)) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


async def fetch_new(
    db: Transaction, record: type[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record:
    """The row of an ``INSERT ... RETURNING``, which is always there."""
    found = await fetch_one(db, record, statement, parameters)
    if found is None:
        raise RuntimeError(f"the {record.__name__} that was just made is not there")
    return found
