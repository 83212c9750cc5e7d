"""New faces come to rest: recognised if their person is known, placed in a group, stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import numpy as np

from visavis.faces import Calibration
from visavis.faces.calibration import DEFAULT_FMR
from visavis.recognition.grouping import JOIN_THRESHOLD, MERGE_THRESHOLD, Grouping
from visavis.recognition.identification import identify
from visavis.records import NewFace
from visavis.store import faces as stored_faces
from visavis.store import groups, identities
from visavis.store.database import Transaction

# The groups near a face that it may join: the best one nearly always, the next when that one is taken.
_GROUPS_PER_FACE = 4


async def enrol(
    db: Transaction,
    namespace_id: UUID,
    calibration: Calibration,
    new: Sequence[NewFace],
    *,
    batch_id: UUID,
    fmr: float = DEFAULT_FMR,
) -> None:
    """Recognise, group and store the faces that one work unit has found.

    The caller holds the lock of the namespace, and commits.

    Args:
        new: all by one model.
        batch_id: the run that forms the groups.
        fmr: of the operating point at which people are recognised.
    """
    if not new:
        return
    model_id = new[0].model_id
    known = await identify(db, namespace_id, calibration, new, fmr=fmr)
    near = await groups.nearest(
        db,
        namespace_id,
        model_id,
        np.stack([face.embedding for face in new]),
        k=_GROUPS_PER_FACE,
        least=JOIN_THRESHOLD,
    )
    grouping = Grouping(near)
    placed: list[stored_faces.PlacedFace] = []
    for picture in _by_picture(new):
        who = [known.get(face.id) for face in picture]
        identity_ids = [None if each is None else each.identity_id for each in who]
        group_ids = grouping.place(np.stack([face.embedding for face in picture]), identity_ids)
        placed += [
            stored_faces.PlacedFace(
                face,
                group_id,
                None if each is None else each.identity_id,
                None if each is None else each.score,
            )
            for face, group_id, each in zip(picture, group_ids, who, strict=True)
        ]
    await groups.add_all(db, namespace_id, grouping.new_groups(), batch_id=batch_id)
    await groups.set_templates(db, namespace_id, model_id, grouping.changed_groups())
    await stored_faces.add(db, namespace_id, placed)
    for group_id, identity_id in grouping.newly_linked():
        await groups.link(db, namespace_id, group_id, identity_id)
    recognised = [(each.identity_id, each.face.embedding) for each in placed if each.identity_id is not None]
    if recognised:
        await identities.grow(db, namespace_id, model_id, recognised)
    await merge_twins(db, namespace_id, model_id, grouping.grown_groups())


async def merge_twins(db: Transaction, namespace_id: UUID, model_id: str, changed: Sequence[UUID]) -> None:
    """Make one group of two, as long as a changed one has come near enough to another."""
    open_ids = set(changed)
    while open_ids:
        pair = await groups.twin(db, namespace_id, model_id, open_ids, least=MERGE_THRESHOLD)
        if pair is None:
            return
        into, gone = await groups.merge(db, namespace_id, pair)
        open_ids.discard(gone)
        open_ids.add(into)


def _by_picture(faces: Sequence[NewFace]) -> list[list[NewFace]]:
    pictures: dict[UUID, list[NewFace]] = defaultdict(list)
    for face in faces:
        pictures[face.job_image_id].append(face)
    return list(pictures.values())
