"""Rows of people who use the console, and of their sessions."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from visavis.errors import InvalidRequest
from visavis.records import User
from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


async def add(db: Transaction, *, name: str, organization: str | None, password_hash: bytes) -> User | None:
    """Make a user; None when there is no such organisation. ``organization`` None: an operator.

    Raises:
        InvalidRequest: a user in force has that name already.
    """
    parameters = {"id": uuid4(), "name": name, "organization": organization, "password_hash": password_hash}
    try:
        return await fetch_one(db, User, _SQL["add"], parameters)
    except UniqueViolation as error:
        raise InvalidRequest(
            f"There is a user named {name} already; revoke that one first, or take another name."
        ) from error


async def list_all(db: Transaction) -> list[User]:
    """Every user there ever was, by organisation and name; operators first."""
    return await fetch_all(db, User, _SQL["list"])


async def by_name_with_hash(db: Transaction, name: str) -> tuple[User, bytes] | None:
    """The user in force who has a name, and the password's hash."""
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL["by_name_with_hash"], {"name": name})
        row = await cursor.fetchone()
    if row is None:
        return None
    password_hash = bytes(row.pop("password_hash"))
    return User(**row), password_hash


async def revoke(db: Transaction, name: str) -> bool:
    """End a user's access and sessions; False when no such user is in force."""
    cursor = await db.execute(_SQL["revoke"], {"name": name})
    return await cursor.fetchone() is not None


async def add_session(db: Transaction, *, token_hash: bytes, user_id: UUID, lasts_s: int) -> None:
    """Begin a session; those that have expired, whosever they are, are deleted."""
    await db.execute(_SQL["add_session"], {"token_hash": token_hash, "user_id": user_id, "lasts_s": lasts_s})


async def of_session(db: Transaction, token_hash: bytes) -> User | None:
    """The user in force whose session has a token of this hash and has not expired."""
    return await fetch_one(db, User, _SQL["of_session"], {"token_hash": token_hash})


async def remove_session(db: Transaction, token_hash: bytes) -> None:
    """End a session, if there is one."""
    await db.execute(_SQL["remove_session"], {"token_hash": token_hash})
