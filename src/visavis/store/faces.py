"""Rows of faces at rest and their embeddings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from pgvector import Vector
from psycopg import AsyncCursor
from psycopg.rows import RowMaker
from psycopg.types.json import Json

from visavis.records import Author, Face, NewFace, Search, Sighting
from visavis.store.boxes import box_columns
from visavis.store.database import Transaction
from visavis.store.jobs import search_parameters
from visavis.store.rows import fetch_all
from visavis.store.sql import Queries, newest_or_oldest

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class PlacedFace:
    """A new face and what was decided about it: its group, and its identity if it was recognised."""

    face: NewFace
    group_id: UUID
    identity_id: UUID | None
    identity_score: float | None


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a stored face belongs."""

    id: UUID
    group_id: UUID
    identity_id: UUID | None


async def add(db: Transaction, namespace_id: UUID, placed: Sequence[PlacedFace]) -> None:
    """Store new faces, at least one, with their embeddings, which one model has made."""
    await db.execute(_SQL["add"], {"namespace_id": namespace_id, "faces": Json([_row(each) for each in placed])})
    await db.execute(
        _SQL["add_embeddings"],
        {
            "namespace_id": namespace_id,
            "model_id": placed[0].face.model_id,
            "face_ids": [each.face.id for each in placed],
            "embeddings": [Vector(each.face.embedding) for each in placed],
        },
    )


async def get(db: Transaction, namespace_id: UUID, face_id: UUID) -> Face | None:
    """One face of a namespace."""
    faces = await _fetch(db, _SQL["get"], {"namespace_id": namespace_id, "id": face_id})
    return faces[0] if faces else None


async def search(db: Transaction, namespace_id: UUID, search: Search) -> list[Face]:
    """Faces of one namespace."""
    statement = _SQL["search_newest" if search.ids is None else "search_ids_newest"]
    parameters = {**search_parameters(search), "namespace_id": namespace_id}
    return await _fetch(db, newest_or_oldest(statement, ascending=search.ascending), parameters, prepare=False)


async def of_groups(db: Transaction, namespace_id: UUID, group_ids: Iterable[UUID]) -> dict[UUID, list[Face]]:
    """The faces of some groups, oldest first."""
    ids = list(group_ids)
    found = await _fetch(db, _SQL["of_groups"], {"namespace_id": namespace_id, "group_ids": ids})
    faces: dict[UUID, list[Face]] = {group_id: [] for group_id in ids}
    for face in found:
        faces[face.group_id].append(face)
    return faces


async def of_identities(db: Transaction, namespace_id: UUID, identity_ids: Iterable[UUID]) -> dict[UUID, list[Face]]:
    """The faces of some identities, oldest first."""
    ids = list(identity_ids)
    found = await _fetch(db, _SQL["of_identities"], {"namespace_id": namespace_id, "identity_ids": ids})
    faces: dict[UUID, list[Face]] = {identity_id: [] for identity_id in ids}
    for face in found:
        if face.identity_id is not None:
            faces[face.identity_id].append(face)
    return faces


async def sightings(db: Transaction, job_image_ids: Iterable[UUID]) -> dict[UUID, list[Sighting]]:
    """What the results of some pictures say of each face, best detection first.

    The caller has found the pictures through their job, and so through their organisation.
    """
    found: dict[UUID, list[Sighting]] = defaultdict(list)
    for sighting in await fetch_all(db, Sighting, _SQL["sightings"], {"job_image_ids": list(job_image_ids)}):
        found[sighting.job_image_id].append(sighting)
    return found


async def chosen(db: Transaction, namespace_id: UUID, face_ids: Iterable[UUID]) -> list[Membership]:
    """Those of some faces that the namespace has."""
    cursor = await db.execute(_SQL["chosen"], {"namespace_id": namespace_id, "ids": list(face_ids)})
    return [Membership(*row) async for row in cursor]


async def name(
    db: Transaction, namespace_id: UUID, face_ids: Iterable[UUID], identity_id: UUID, author: Author
) -> None:
    """Give faces to an identity, whatever they belonged to before."""
    await db.execute(
        _SQL["name"],
        {
            "namespace_id": namespace_id,
            "ids": list(face_ids),
            "identity_id": identity_id,
            "author": author,
        },
    )


async def unname(db: Transaction, namespace_id: UUID, face_ids: Iterable[UUID], identity_id: UUID) -> set[UUID]:
    """Take faces away from an identity; the groups they are in."""
    cursor = await db.execute(
        _SQL["unname"], {"namespace_id": namespace_id, "ids": list(face_ids), "identity_id": identity_id}
    )
    return {row[0] async for row in cursor}


async def unname_all(db: Transaction, namespace_id: UUID, identity_id: UUID) -> set[UUID]:
    """Take all faces away from an identity; the groups they are in."""
    cursor = await db.execute(_SQL["unname_all"], {"namespace_id": namespace_id, "identity_id": identity_id})
    return {row[0] async for row in cursor}


async def move(db: Transaction, namespace_id: UUID, face_ids: Iterable[UUID], group_id: UUID) -> None:
    """Put faces into another group."""
    await db.execute(_SQL["move"], {"namespace_id": namespace_id, "ids": list(face_ids), "group_id": group_id})


async def _fetch(
    db: Transaction, statement: LiteralString, parameters: Mapping[str, Any], *, prepare: bool | None = None
) -> list[Face]:
    # binary: ids and numbers are read faster so
    async with db.cursor(binary=True, row_factory=_face_row) as cursor:
        await cursor.execute(statement, parameters, prepare=prepare)
        return await cursor.fetchall()


def _face_row(cursor: AsyncCursor[Any]) -> RowMaker[Face]:
    if (columns := tuple(column.name for column in cursor.description or ())) != Face._fields:
        raise RuntimeError(f"a face is not made of {columns}")
    return Face._make


def _row(placed: PlacedFace) -> dict[str, Any]:
    face = placed.face
    identity_id = placed.identity_id
    return {
        "id": str(face.id),
        "job_image_id": str(face.job_image_id),
        "group_id": str(placed.group_id),
        "identity_id": None if identity_id is None else str(identity_id),
        "identity_by": None if identity_id is None else Author.MODEL,
        "identity_score": placed.identity_score,
        **box_columns(face.box),
        "landmarks": face.landmarks_xy.ravel().tolist(),
        "detection_score": face.detection_score,
        "sharpness": face.sharpness,
        "is_frontal": face.is_frontal,
        "width_px": face.width_px,
        "height_px": face.height_px,
    }
