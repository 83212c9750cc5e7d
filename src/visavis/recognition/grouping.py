"""Online grouping: each new face joins the group whose centroid is most like it, or starts a group of its own.

Source:
    Sequential (leader) clustering with centroids; the thresholds were measured on Labeled Faces in the Wild,
    see docs/recognition.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np

from visavis.records import FloatArray
from visavis.store.groups import GroupTemplate

JOIN_THRESHOLD = 0.50
"""Least cosine between a face and a group's centroid for the face to join."""

MERGE_THRESHOLD = 0.60
"""Least cosine between two centroids for their groups to become one."""


@dataclass(slots=True, eq=False)
class _Cluster:
    group_id: UUID
    embedding_sum: FloatArray
    face_count: int
    identity_id: UUID | None
    is_new: bool
    changed: bool = False
    newly_linked: bool = False

    @property
    def centroid(self) -> FloatArray:
        length = float(np.linalg.norm(self.embedding_sum))
        # Opposite embeddings cancel out; such a centroid is like nothing.
        return self.embedding_sum / np.float32(length) if length > 0 else self.embedding_sum


class Grouping:
    """The groups near some new faces, and what becomes of them while the faces are placed.

    Two faces of one picture never join one group, and a face never joins a group of another identity.
    """

    def __init__(self, groups: Iterable[GroupTemplate], *, join_threshold: float = JOIN_THRESHOLD) -> None:
        self._join_threshold = join_threshold
        self._clusters = [
            _Cluster(each.group_id, each.embedding_sum.copy(), each.face_count, each.identity_id, is_new=False)
            for each in groups
        ]

    def place(self, embeddings: FloatArray, identity_ids: Sequence[UUID | None]) -> list[UUID]:
        """Give each face of one picture its group.

        Args:
            embeddings: (N, D) unit length.
            identity_ids: who each face was recognised as, if anybody.
        Returns:
            N group ids, all different.
        """
        taken = self._join(embeddings, identity_ids)
        for row, identity_id in enumerate(identity_ids):
            if row not in taken:
                empty = np.zeros(embeddings.shape[1], np.float32)
                taken[row] = _Cluster(uuid4(), empty, 0, None, is_new=True)
                self._clusters.append(taken[row])
            self._add(taken[row], embeddings[row], identity_id)
        return [taken[row].group_id for row in range(len(identity_ids))]

    def _join(self, embeddings: FloatArray, identity_ids: Sequence[UUID | None]) -> dict[int, _Cluster]:
        joined: dict[int, _Cluster] = {}
        if not self._clusters or not len(embeddings):
            return joined
        similarity = embeddings @ np.stack([cluster.centroid for cluster in self._clusters]).T
        for row, identity_id in enumerate(identity_ids):
            for column, cluster in enumerate(self._clusters):
                if None not in (identity_id, cluster.identity_id) and identity_id != cluster.identity_id:
                    similarity[row, column] = -np.inf
        # The most alike pair first, so that of two faces of a picture the right one gets the group.
        while similarity.max() >= self._join_threshold:
            row, column = map(int, np.unravel_index(int(similarity.argmax()), similarity.shape))
            joined[row] = self._clusters[column]
            similarity[row, :] = -np.inf
            similarity[:, column] = -np.inf
        return joined

    @staticmethod
    def _add(cluster: _Cluster, embedding: FloatArray, identity_id: UUID | None) -> None:
        cluster.embedding_sum = cluster.embedding_sum + embedding
        cluster.face_count += 1
        cluster.changed = True
        if identity_id is not None and cluster.identity_id is None:
            cluster.identity_id = identity_id
            cluster.newly_linked = True

    def new_groups(self) -> list[GroupTemplate]:
        """Groups that did not exist before."""
        return [_template(cluster) for cluster in self._clusters if cluster.is_new]

    def changed_groups(self) -> list[GroupTemplate]:
        """Groups that have got a face, the new ones included."""
        return [_template(cluster) for cluster in self._clusters if cluster.changed]

    def grown_groups(self) -> list[UUID]:
        """Groups of several faces that have got one: only they can have come near another group."""
        return [each.group_id for each in self._clusters if each.changed and each.face_count > 1]

    def newly_linked(self) -> list[tuple[UUID, UUID]]:
        """Groups that existed before and have got an identity: (group, identity)."""
        return [
            (each.group_id, each.identity_id)
            for each in self._clusters
            if each.newly_linked and not each.is_new and each.identity_id is not None
        ]


def _template(cluster: _Cluster) -> GroupTemplate:
    return GroupTemplate(cluster.group_id, cluster.embedding_sum, cluster.face_count, cluster.identity_id)
