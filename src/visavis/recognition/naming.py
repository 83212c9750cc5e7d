"""What clients decide about people: naming faces, adding and removing them, forgetting a person.

A human's word stands above the model's. All of these hold the lock of the namespace while they work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np

from visavis.errors import InvalidRequest, NotFound, UnknownFace
from visavis.recognition.enrolment import merge_twins
from visavis.records import Author, Identity
from visavis.store import faces, groups, identities, namespaces
from visavis.store.database import Transaction
from visavis.store.groups import GroupTemplate


@dataclass(frozen=True, slots=True)
class Named:
    """An identity that was made or changed, and those that have lost faces to it."""

    identity: Identity
    bereft: frozenset[UUID] = frozenset()


async def create_identity(
    db: Transaction, namespace_id: UUID, *, custom_id: str | None, face_ids: Sequence[UUID], author: Author
) -> Named:
    """Name a person, who may have faces already.

    Raises:
        UnknownFace: a face is not one of the namespace.
    """
    await namespaces.lock(db, namespace_id)
    identity = await identities.add(db, namespace_id, identity_id=uuid4(), custom_id=custom_id)
    return Named(identity, await _name(db, namespace_id, identity.id, face_ids, author))


async def update_identity(
    db: Transaction,
    namespace_id: UUID,
    identity_id: UUID,
    *,
    custom_id: str | None,
    add: Sequence[UUID],
    remove: Sequence[UUID],
    author: Author,
) -> Named:
    """Change a person's own name (None: leave it) and faces.

    Faces to remove that are not theirs are left alone. A face in both lists is an error.

    Raises:
        NotFound: there is no such identity.
        UnknownFace: a face is not one of the namespace.
        InvalidRequest: a face is to be added and removed at once.
    """
    await namespaces.lock(db, namespace_id)
    await get_identity(db, namespace_id, identity_id)
    if set(add) & set(remove):
        raise InvalidRequest("images: a face cannot be added and removed at once.")
    await _require(db, namespace_id, remove)
    if custom_id is not None:
        await identities.set_custom_id(db, namespace_id, identity_id, custom_id)
    touched = await faces.unname(db, namespace_id, remove, identity_id)
    if touched:
        await groups.relink(db, namespace_id, touched, author)
        await identities.remake(db, namespace_id, [identity_id])
    bereft = await _name(db, namespace_id, identity_id, add, author)
    return Named(await get_identity(db, namespace_id, identity_id), bereft)


async def delete_identity(db: Transaction, namespace_id: UUID, identity_id: UUID) -> None:
    """Forget a person. Their faces and groups stay, without a name.

    Raises:
        NotFound: there is no such identity.
    """
    await namespaces.lock(db, namespace_id)
    await get_identity(db, namespace_id, identity_id)
    touched = await faces.unname_all(db, namespace_id, identity_id)
    await groups.unlink(db, namespace_id, identity_id)
    # A group that held faces of two people has one left, perhaps.
    await groups.relink(db, namespace_id, touched, Author.MANUAL)
    await identities.remove(db, namespace_id, identity_id)


async def get_identity(db: Transaction, namespace_id: UUID, identity_id: UUID) -> Identity:
    """One identity.

    Raises:
        NotFound: there is no such identity.
    """
    identity = await identities.get(db, namespace_id, identity_id)
    if identity is None:
        raise NotFound("There is no such identity.")
    return identity


async def _require(db: Transaction, namespace_id: UUID, face_ids: Sequence[UUID]) -> list[faces.Membership]:
    members = await faces.chosen(db, namespace_id, face_ids)
    missing = set(face_ids) - {member.id for member in members}
    if missing:
        raise UnknownFace(min(missing))
    return members


async def _name(
    db: Transaction, namespace_id: UUID, identity_id: UUID, face_ids: Sequence[UUID], author: Author
) -> frozenset[UUID]:
    """Give faces to an identity; the others that have lost some."""
    if not face_ids:
        return frozenset()
    members = await _require(db, namespace_id, face_ids)
    await faces.name(db, namespace_id, face_ids, identity_id, author)
    moved = await _part(db, namespace_id, identity_id, face_ids)
    touched = {member.group_id for member in members} | moved
    await groups.remake(db, namespace_id, touched)
    await groups.relink(db, namespace_id, touched, author)
    await groups.confirm(db, namespace_id, touched, identity_id, author)
    former = {member.identity_id for member in members if member.identity_id is not None}
    await identities.remake(db, namespace_id, former | {identity_id})
    for model_id in await groups.models_of(db, namespace_id, moved):
        await merge_twins(db, namespace_id, model_id, list(moved))
    return frozenset(former - {identity_id})


async def _part(db: Transaction, namespace_id: UUID, identity_id: UUID, face_ids: Sequence[UUID]) -> set[UUID]:
    """Take faces out of groups that hold somebody else: two people never share a group."""
    strangers: dict[UUID, list[UUID]] = defaultdict(list)
    for face_id, group_id in (await groups.divided(db, namespace_id, face_ids, identity_id)).items():
        strangers[group_id].append(face_id)
    batch_id = uuid4()
    made: set[UUID] = set()
    for own_faces in strangers.values():
        # relink() gives it its identity, as it does for the group that the faces leave.
        new = GroupTemplate(uuid4(), np.zeros(0, np.float32), 0, None)
        await groups.add_all(db, namespace_id, [new], batch_id=batch_id)
        await faces.move(db, namespace_id, own_faces, new.group_id)
        made.add(new.group_id)
    return made
