"""Rows as records: the columns of a statement are the fields of a frozen dataclass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import cache
from operator import itemgetter
from typing import Any, LiteralString, TypeVar, get_args, get_type_hints

from psycopg import AsyncCursor
from psycopg.rows import RowMaker

from visavis.records import Box
from visavis.store.boxes import COLUMNS as EDGES
from visavis.store.database import Transaction

Record = TypeVar("Record")


def record_row(record: type[Record]) -> Callable[[AsyncCursor[Any]], RowMaker[Record]]:
    """A row factory: like psycopg's ``class_row``, words that are an enumeration's become its members, edges a box.

    Searches make thousands of records: what goes where is worked out once for all rows of an answer.
    """

    kind: Any = record

    def factory(cursor: AsyncCursor[Any]) -> RowMaker[Record]:
        columns = [column.name for column in cursor.description or ()]
        words = [(columns.index(name), members) for name, members in _words_of(kind).items() if name in columns]
        edges_of = itemgetter(*map(columns.index, EDGES)) if EDGES[0] in columns else None
        fields_of, defaults = _places(record, columns)

        def make(values: Sequence[Any]) -> Record:
            row = [*values, *defaults]
            for at, members in words:
                if row[at] is not None:
                    row[at] = members[row[at]]
            if edges_of is not None:
                edges = edges_of(values)
                row.append(None if edges[0] is None else Box(*edges))
            return record(*fields_of(row))

        return make

    return factory


def _places(record: type[Any], columns: Sequence[str]) -> tuple[Callable[[list[Any]], tuple[Any, ...]], list[Any]]:
    """What takes the fields in their order out of a row, behind which some defaults stand, and then a box."""
    there = [*columns]
    defaults = []
    for field in fields(record):
        if field.name not in columns and field.name != "box":
            if field.default is MISSING:
                raise TypeError(f"{record.__name__}: no column for the field {field.name}")
            there.append(field.name)
            defaults.append(field.default)
    if EDGES[0] in columns:
        there.append("box")
    names = [field.name for field in fields(record)]
    if unknown := set(columns) - {*names, *(EDGES if "box" in names else ())}:
        raise TypeError(f"{record.__name__}: no field for the columns {', '.join(sorted(unknown))}")
    places = [there.index(name) for name in names]
    return (lambda row: (row[places[0]],)) if len(places) == 1 else itemgetter(*places), defaults


@cache
def _words_of(record: type[Any]) -> dict[str, dict[str, StrEnum]]:
    """The fields that are words of an enumeration: word -> member."""
    return {
        name: {member.value: member for member in kind}
        for name, hint in get_type_hints(record).items()
        for kind in (hint, *get_args(hint))
        if isinstance(kind, type) and issubclass(kind, StrEnum)
    }


async def fetch_one(
    db: Transaction, record: type[Record], statement: LiteralString, parameters: Mapping[str, Any]
) -> Record | None:
    """The first row, or None."""
    async with db.cursor(binary=True, row_factory=record_row(record)) as cursor:
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
    async with db.cursor(binary=True, row_factory=record_row(record)) as cursor:
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
