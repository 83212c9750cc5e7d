"""1:N search: which of the namespace's people is each new face, if any?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from visavis.faces import Calibration
from visavis.records import NewFace
from visavis.store import identities
from visavis.store.database import Transaction

# Several people may pass the threshold for one face; the second best counts when the best is another face's.
_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Recognition:
    """Somebody is recognised: ``score`` is 0.5 at the threshold in force."""

    identity_id: UUID
    score: float


async def identify(
    db: Transaction, namespace_id: UUID, calibration: Calibration, faces: Sequence[NewFace], *, fmr: float
) -> dict[UUID, Recognition]:
    """Those of some new faces whose person is known: face id -> who.

    The threshold grows with the gallery, so that the chance of a stranger being taken for *anybody* stays that of
    one 1:1 comparison. Two faces of one picture are never the same person: the more alike one is.
    """
    model_id = faces[0].model_id
    size = await identities.gallery_size(db, namespace_id, model_id)
    if size == 0:
        return {}
    threshold = calibration.identification_threshold(size, fmr)
    probes = np.stack([face.embedding for face in faces])
    candidates = await identities.nearest(db, namespace_id, model_id, probes, k=_CANDIDATES, least=threshold)
    known: dict[UUID, Recognition] = {}
    taken: dict[UUID, set[UUID]] = defaultdict(set)
    for candidate in sorted(candidates, key=lambda each: -each.similarity):
        face = faces[candidate.probe]
        if face.id in known or candidate.identity_id in taken[face.job_image_id]:
            continue
        score = float(calibration.score(candidate.similarity, threshold))
        known[face.id] = Recognition(candidate.identity_id, score)
        taken[face.job_image_id].add(candidate.identity_id)
    return known
