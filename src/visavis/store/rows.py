"""Rows as records: the columns of a statement are the fields of a frozen dataclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, LiteralString, TypeVar, get_args, get_type_hints

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from visavis.store.database import Transaction

Record = TypeVar("Record")


def record_row(record: type[Record]) -> Callable[[AsyncCursor[Any]], RowMaker[Record]]:
    """A row factory: like psycopg's ``class_row``, and words that are an enumeration's become its members."""
    words = _words_of(record)

    def factory(cursor: AsyncCursor[Any]) -> RowMaker[Record]:
        names = [column.name for column in cursor.description or ()]

        def make(values: Sequence[Any]) -> Record:
            fields = dict(zip(names, values, strict=True))
            for name, enumeration in words.items():
                if fields[name] is not None:
                    fields[name] = enumeration(fields[name])
            return record(**fields)

        return make

    return factory


_WORDS: dict[type[Any], dict[str, type[StrEnum]]] = {}


def _words_of(record: type[Any]) -> dict[str, type[StrEnum]]:
    if record in _WORDS:
        return _WORDS[record]
    words = _WORDS.setdefault(record, {})
    for name, hint in get_type_hints(record).items():
        for kind in (hint, *get_args(hint)):
            if isinstance(kind, type) and issubclass(kind, StrEnum):
                words[name] = kind
    return words


async def fetch_one(
    db: Transaction, record: type[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record | None:
    """The first row, or None."""
    async with db.cursor(row_factory=record_row(record)) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()


async def fetch_all(
    db: Transaction,
    record: type[Record],
    statement: LiteralString,
    parameters: Mapping[str, Any] | None = None,
    *,
    prepare: bool | None = None,
) -> list[Record]:
    """All rows. ``prepare=False``: the statement is planned anew each time, for these parameters."""
    async with db.cursor(row_factory=record_row(record)) as cursor:
        await cursor.execute(statement, parameters, prepare=prepare)
        return await cursor.fetchall()


async def fetch_new(
    db: Transaction, record: type[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record:
    """The row of a statement that always gives one, such as an ``INSERT ... RETURNING``."""
    found = await fetch_one(db, record, statement, parameters)
    if found is None:
        raise RuntimeError(f"the {record.__name__} that was just made is not there")
    return found
