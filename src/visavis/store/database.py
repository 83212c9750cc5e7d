"""The pool of PostgreSQL connections and the one way to a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from visavis.errors import StorageError

Transaction: TypeAlias = psycopg.AsyncConnection[Any]

# Compiling a query costs more than any of ours takes.
_OPTIONS = "-c jit=off -c timezone=UTC"


class Database:
    """A pool of connections to one PostgreSQL database with pgvector.

    Open it before use, close it afterwards. ``url`` is a libpq connection string.
    """

    def __init__(self, url: str, *, max_connections: int = 8, connect_timeout_s: float = 10) -> None:
        self.url = url
        self._pool = AsyncConnectionPool(
            url,
            open=False,
            min_size=1,
            max_size=max_connections,
            timeout=connect_timeout_s,
            kwargs={"options": _OPTIONS},
            configure=_configure,
            # A connection that the server has closed meanwhile (a restart) is replaced, not handed out.
            check=AsyncConnectionPool.check_connection,
        )

    @property
    def pool(self) -> AsyncConnectionPool[Any]:
        """The pool itself, for the queue, which shares it."""
        return self._pool

    async def open(self) -> None:
        """Connect.

        Raises:
            StorageError: the database cannot be reached.
        """
        try:
            await self._pool.open(wait=True, timeout=self._pool.timeout)
        except PoolTimeout as error:
            await self._pool.close()
            raise StorageError("The database does not answer.") from error

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction: committed at the end of the block, rolled back when it raises."""
        async with self._pool.connection() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the database for a sign of life; raises what psycopg raises when there is none."""
        async with self.transaction() as db:
            await db.execute("SELECT 1")


async def _configure(connection: Transaction) -> None:
    await register_vector_async(connection)
    await connection.commit()
