"""Rows of identities and the means of their faces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pgvector import Vector

from visavis.records import FloatArray, Identity, Search
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.probes import probe_parameters
from visavis.store.rows import fetch_all, fetch_new, fetch_one
from visavis.store.sql import Queries, newest_or_oldest

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody a probe may be: row ``probe`` of the probes asked about, and the cosine."""

    probe: int
    identity_id: UUID
    similarity: float


async def add(db: Transaction, namespace_id: UUID, *, identity_id: UUID, custom_id: str | None) -> Identity:
    """Make an identity without faces."""
    return await fetch_new(
        db,
        Identity,
        _SQL["add"],
        {"id": identity_id, "namespace_id": namespace_id, "custom_id": custom_id},
    )


async def get(db: Transaction, namespace_id: UUID, identity_id: UUID) -> Identity | None:
    """One identity of a namespace."""
    return await fetch_one(db, Identity, _SQL["get"], {"namespace_id": namespace_id, "id": identity_id})


async def some(db: Transaction, namespace_id: UUID, identity_ids: Iterable[UUID]) -> list[Identity]:
    """Those of some identities that the namespace has."""
    return await fetch_all(db, Identity, _SQL["some"], {"namespace_id": namespace_id, "ids": list(identity_ids)})


async def set_custom_id(db: Transaction, namespace_id: UUID, identity_id: UUID, custom_id: str) -> None:
    """Change the client's own name for a person."""
    await db.execute(
        _SQL["set_custom_id"],
        {"namespace_id": namespace_id, "id": identity_id, "custom_id": custom_id},
    )


async def remove(db: Transaction, namespace_id: UUID, identity_id: UUID) -> None:
    """Forget a person; their faces must have been unnamed before."""
    await db.execute(_SQL["remove"], {"namespace_id": namespace_id, "id": identity_id})


async def search(db: Transaction, namespace_id: UUID, search: Search) -> list[Identity]:
    """Identities of one namespace."""
    by_faces = search.feed_ids is not None and search.ids is None and search.custom_ids is None
    statement = _SQL["search_by_faces_newest" if by_faces else "search_newest"]
    parameters = {**search_parameters(search), "namespace_id": namespace_id}
    return await fetch_all(
        db, Identity, newest_or_oldest(statement, ascending=search.ascending), parameters, prepare=False
    )


async def gallery_size(db: Transaction, namespace_id: UUID, model_id: str) -> int:
    """How many identities have a face to be compared with."""
    cursor = await db.execute(_SQL["gallery_size"], {"namespace_id": namespace_id, "model_id": model_id})
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def nearest(
    db: Transaction, namespace_id: UUID, model_id: str, probes: FloatArray, *, k: int, least: float
) -> list[Candidate]:
    """For each probe the people most like it, best first; exact, not approximate.

    The arguments are those of ``probe_parameters``.
    """
    parameters = probe_parameters(namespace_id, model_id, probes, k=k, least=least)
    cursor = await db.execute(_SQL["nearest"], parameters)
    return [Candidate(position - 1, identity_id, similarity) async for position, identity_id, similarity in cursor]


async def grow(db: Transaction, namespace_id: UUID, model_id: str, members: Sequence[tuple[UUID, FloatArray]]) -> None:
    """Add embeddings to the means of identities."""
    async with db.cursor() as cursor:
        await cursor.executemany(
            _SQL["grow_template"],
            [
                {
                    "identity_id": identity_id,
                    "model_id": model_id,
                    "namespace_id": namespace_id,
                    "embedding": Vector(embedding),
                }
                for identity_id, embedding in members
            ],
        )


async def remake(db: Transaction, namespace_id: UUID, identity_ids: Iterable[UUID]) -> None:
    """Make the means of some identities, and what they say of ids, anew from their faces."""
    parameters = {"namespace_id": namespace_id, "identity_ids": list(identity_ids)}
    for statement in ("drop_templates", "remake_templates", "mark"):
        await db.execute(_SQL[statement], parameters)
