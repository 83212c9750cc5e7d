"""Rows of groups and their centroids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from pgvector import Vector

from visavis.records import Author, FloatArray, Group, Search
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.probes import probe_parameters
from visavis.store.rows import fetch_all, fetch_one
from visavis.store.sql import Queries, newest_or_oldest

_SQL = Queries.beside(__file__)

# The groups of so many faces are known in 5 ms. To ask as many groups one by one takes 80.
_FEW_FACES = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class GroupTemplate:
    """A group's centroid as a sum of ``face_count`` unit embeddings (D,), and its link."""

    group_id: UUID
    embedding_sum: FloatArray
    face_count: int
    identity_id: UUID | None


async def add_all(
    db: Transaction,
    namespace_id: UUID,
    new: Sequence[GroupTemplate],
    *,
    batch_id: UUID,
    author: Author = Author.MODEL,
) -> None:
    """Make groups, without their centroids; ``author`` says who linked those that are linked."""
    await db.execute(
        _SQL["add"],
        {
            "namespace_id": namespace_id,
            "batch_id": batch_id,
            "author": author,
            "ids": [each.group_id for each in new],
            "identity_ids": [each.identity_id for each in new],
        },
    )


async def get(db: Transaction, namespace_id: UUID, group_id: UUID) -> Group | None:
    """One group of a namespace."""
    return await fetch_one(db, Group, _SQL["get"], {"namespace_id": namespace_id, "id": group_id})


async def search(db: Transaction, namespace_id: UUID, search: Search) -> list[Group]:
    """Groups of one namespace."""
    by_faces = search.ids is None and (search.custom_ids is not None or search.feed_ids is not None)
    statement = _SQL["search_by_faces_newest" if by_faces else "search_newest"]
    parameters = {**search_parameters(search), "namespace_id": namespace_id, "few": _FEW_FACES}
    return await fetch_all(
        db, Group, newest_or_oldest(statement, ascending=search.ascending), parameters, prepare=False
    )


async def nearest(
    db: Transaction, namespace_id: UUID, model_id: str, probes: FloatArray, *, k: int, least: float
) -> list[GroupTemplate]:
    """The groups whose centroids are like any of some probes.

    The arguments are those of ``probe_parameters``.
    """
    parameters = probe_parameters(namespace_id, model_id, probes, k=k, least=least)
    cursor = await db.execute(_SQL["nearest"], parameters)
    group_ids = {row[1] async for row in cursor}
    return await templates(db, namespace_id, model_id, group_ids)


async def templates(
    db: Transaction, namespace_id: UUID, model_id: str, group_ids: Iterable[UUID]
) -> list[GroupTemplate]:
    """The centroids of some groups."""
    ids = list(group_ids)
    if not ids:
        return []
    cursor = await db.execute(_SQL["templates"], {"namespace_id": namespace_id, "model_id": model_id, "group_ids": ids})
    return [
        GroupTemplate(group_id, np.array(total.to_numpy(), np.float32), face_count, identity_id)
        async for group_id, total, face_count, identity_id in cursor
    ]


async def set_templates(db: Transaction, namespace_id: UUID, model_id: str, templates: Sequence[GroupTemplate]) -> None:
    """Store new centroids."""
    await db.execute(
        _SQL["set_templates"],
        {
            "namespace_id": namespace_id,
            "model_id": model_id,
            "group_ids": [each.group_id for each in templates],
            "sums": [Vector(each.embedding_sum) for each in templates],
            "counts": [each.face_count for each in templates],
        },
    )


async def remake(db: Transaction, namespace_id: UUID, group_ids: Iterable[UUID]) -> None:
    """Make the centroids of some groups, and what they say of ids, anew from their faces; groups without a face go."""
    parameters = {"namespace_id": namespace_id, "group_ids": list(group_ids)}
    for statement in ("drop_templates", "remove_empty", "remake_templates", "mark"):
        await db.execute(_SQL[statement], parameters)


async def link(db: Transaction, namespace_id: UUID, group_id: UUID, identity_id: UUID) -> None:
    """Link a group that has no link, in the model's name."""
    await db.execute(_SQL["link"], {"namespace_id": namespace_id, "id": group_id, "identity_id": identity_id})


async def relink(db: Transaction, namespace_id: UUID, group_ids: Iterable[UUID], author: Author) -> None:
    """Let links follow the faces after a human decision."""
    await db.execute(_SQL["relink"], {"namespace_id": namespace_id, "group_ids": list(group_ids), "author": author})


async def confirm(
    db: Transaction, namespace_id: UUID, group_ids: Iterable[UUID], identity_id: UUID, author: Author
) -> None:
    """A human agrees with links that the model made."""
    await db.execute(
        _SQL["confirm"],
        {
            "namespace_id": namespace_id,
            "group_ids": list(group_ids),
            "identity_id": identity_id,
            "author": author,
        },
    )


async def unlink(db: Transaction, namespace_id: UUID, identity_id: UUID) -> None:
    """Take an identity from all groups that are linked to it."""
    await db.execute(_SQL["unlink"], {"namespace_id": namespace_id, "identity_id": identity_id})


async def divided(db: Transaction, namespace_id: UUID, face_ids: Iterable[UUID], identity_id: UUID) -> dict[UUID, UUID]:
    """Those of some faces whose groups hold a face of another identity: face -> group."""
    cursor = await db.execute(
        _SQL["divided"],
        {"namespace_id": namespace_id, "face_ids": list(face_ids), "identity_id": identity_id},
    )
    return {face_id: group_id async for face_id, group_id in cursor}


async def twin(
    db: Transaction, namespace_id: UUID, model_id: str, group_ids: Iterable[UUID], *, least: float
) -> tuple[UUID, UUID] | None:
    """One of these groups and the group most like it, when they are near enough to be, and may be, one person."""
    cursor = await db.execute(
        _SQL["twin"],
        {
            "namespace_id": namespace_id,
            "model_id": model_id,
            "group_ids": list(group_ids),
            "least": least,
        },
    )
    return await cursor.fetchone()


async def merge(db: Transaction, namespace_id: UUID, pair: tuple[UUID, UUID]) -> tuple[UUID, UUID]:
    """Make two groups one: the one with a human's link stays, else the linked one, else the older.

    Returns:
        the group that stays, and the one that is gone.
    """
    cursor = await db.execute(_SQL["oldest_of"], {"namespace_id": namespace_id, "group_ids": list(pair)})
    into, gone = [row[0] async for row in cursor]
    parameters = {"namespace_id": namespace_id, "into": into, "gone": gone}
    for statement in ("move_faces", "add_template", "remove"):
        await db.execute(_SQL[statement], parameters)
    await db.execute(_SQL["mark"], {"namespace_id": namespace_id, "group_ids": [into]})
    return into, gone


async def models_of(db: Transaction, namespace_id: UUID, group_ids: Iterable[UUID]) -> list[str]:
    """The models that made the centroids of some groups."""
    cursor = await db.execute(_SQL["models_of"], {"namespace_id": namespace_id, "group_ids": list(group_ids)})
    return [row[0] async for row in cursor]
