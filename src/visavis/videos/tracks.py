"""Faces of one person from frame to frame, and how few of them need describing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise

import cv2
import numpy as np

from visavis.faces import AlignedFaces, cosine_matrix
from visavis.records import Box, FloatArray

# At least so many frames a second, and a face moves less than its own size from one to the next.
DENSE_INTERVAL_S = 0.25

# A track is described at its ends and once in so many frames; between two descriptions that agree, faces take the
# nearer one. Two that do not agree are told apart by describing what is between them.
_DESCRIBE_EVERY = 10
_AGREE = 0.6

_MIN_OVERLAP = 0.5

# Mean difference of two frames, 0..255, from which on they may be of two shots. A false alarm costs a description.
_CUT_DIFFERENCE = 20.0
_CUT_SIZE_WH = (32, 18)

# Least correlation of a face's crop with that of the frame before it: 0.85 and more of one person in one shot, 0.5 and
# less across a cut. The rest of the picture may hardly change at one. Here, too, a false alarm costs a description.
_SAME_LOOK = 0.75
_LOOK_SIDE_PX = 16

# Described together, faces take a tenth less time each.
_BATCH = 16

Embed = Callable[[Sequence[AlignedFaces]], FloatArray]
"""Faces to embeddings, (N, D) for N faces in all."""


@dataclass(slots=True, eq=False)
class TrackedFace:
    """A face of a frame. ``number``: of the frame; ``position``: among its faces. Track and embedding come last."""

    number: int
    position: int
    time_s: float
    box: Box
    detection_score: float
    aligned: AlignedFaces | None = field(repr=False)  # this face alone; gone once it is not needed
    track: int = -1
    embedding: FloatArray | None = field(default=None, repr=False)
    look: FloatArray | None = field(default=None, repr=False)  # the crop, small and without its brightness


class Tracker:
    """Takes the faces of frame after frame, and gives them back with tracks and embeddings.

    Dense frames: a face that overlaps one of the frame before, in the same shot, goes on its track, which is described
    now and then. Sparse frames: each face is described, and goes on the track of the face before that is the same
    person.

    Args:
        same_person: least similarity of two faces of one track.
    """

    def __init__(self, embed: Embed, *, interval_s: float, same_person: float) -> None:
        self._embed = embed
        self._is_dense = interval_s <= DENSE_INTERVAL_S
        self._interval_s = interval_s
        self._same_person = same_person
        self._tracks = count()
        self._chains: list[list[TrackedFace]] = []
        self._waiting: list[list[TrackedFace]] = []
        self._before: list[TrackedFace] = []
        self._small: FloatArray | None = None
        self._time_s = -np.inf

    def add(self, time_s: float, image_rgb: np.ndarray, faces: list[TrackedFace]) -> Iterator[TrackedFace]:
        """The faces of the next frame; those that are done come back, now or later."""
        if not self._is_dense:
            self._waiting.append(faces)
            if sum(map(len, self._waiting)) >= _BATCH:
                yield from self._linked()
            return
        breaks = self._is_cut(image_rgb) or time_s - self._time_s > 1.5 * self._interval_s
        self._time_s = time_s
        for face in faces:
            face.look = _look(face)
        going_on = [] if breaks else self._chains
        pairs = _overlapping([chain[-1].box for chain in going_on], [face.box for face in faces])
        continued = {row: faces[column] for row, column in pairs}
        ended = self._chains if breaks else [chain for row, chain in enumerate(going_on) if row not in continued]
        for chain in ended:
            yield from self._described(chain)
        self._chains = []
        for row, face in continued.items():
            chain = going_on[row]
            chain.append(face)
            if len(chain) > _DESCRIBE_EVERY:
                yield from self._described(chain)
                chain = [face]
            self._chains.append(chain)
        taken = {column for _, column in pairs}
        for column, face in enumerate(faces):
            if column not in taken:
                face.track = next(self._tracks)
                self._chains.append([face])

    def finish(self) -> Iterator[TrackedFace]:
        """There are no more frames: the faces that have not come back."""
        yield from self._linked()
        for chain in self._chains:
            yield from self._described(chain)
        self._chains = []

    def _is_cut(self, image_rgb: np.ndarray) -> bool:
        small = cv2.resize(image_rgb, _CUT_SIZE_WH, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._small = self._small, small
        return before is not None and float(np.abs(small - before).mean()) > _CUT_DIFFERENCE

    # --- dense frames -------------------------------------------------------------------------------------

    def _described(self, chain: list[TrackedFace]) -> Iterator[TrackedFace]:
        """Describe as few faces of a chain as it takes. The first may be described, and have come back, before."""
        first_is_new = chain[0].embedding is None
        edges = _edges(chain)
        self._describe([chain[at] for at in edges])
        for first, last in pairwise(edges):
            self._between(chain, first, last)
        for before, face in pairwise(chain):
            same = _similarity(before, face) >= self._same_person
            face.track = before.track if same else next(self._tracks)
        for face in chain if first_is_new else chain[1:]:
            face.aligned = None
            yield face

    def _between(self, chain: list[TrackedFace], first: int, last: int) -> None:
        """Describe the faces between two that are described, where these two do not agree."""
        if last - first < 2:
            return
        if _similarity(chain[first], chain[last]) >= _AGREE:
            for at in range(first + 1, last):
                nearer = first if at - first <= last - at else last
                chain[at].embedding = chain[nearer].embedding
            return
        middle = (first + last) // 2
        self._describe([chain[middle]])
        self._between(chain, first, middle)
        self._between(chain, middle, last)

    # --- sparse frames ------------------------------------------------------------------------------------

    def _linked(self) -> Iterator[TrackedFace]:
        """Describe the faces that wait, and link each to one of the frame before."""
        self._describe([face for faces in self._waiting for face in faces])
        for faces in self._waiting:
            known = self._before if faces and faces[0].time_s - self._time_s <= 1.5 * self._interval_s else []
            for row, column in _alike(known, faces, self._same_person):
                faces[column].track = known[row].track
            for face in faces:
                if face.track < 0:
                    face.track = next(self._tracks)
                face.aligned = None
                yield face
            if faces:
                self._before, self._time_s = faces, faces[0].time_s
        self._waiting = []

    def _describe(self, faces: Sequence[TrackedFace]) -> None:
        missing = [(face, face.aligned) for face in faces if face.embedding is None and face.aligned is not None]
        if not missing:
            return
        embeddings = self._embed([aligned for _, aligned in missing])
        for (face, _), embedding in zip(missing, embeddings, strict=True):
            face.embedding = embedding


def _similarity(a: TrackedFace, b: TrackedFace) -> float:
    if a.embedding is None or b.embedding is None:
        raise RuntimeError("a face that nobody has described")
    return float(a.embedding @ b.embedding)


def _edges(chain: Sequence[TrackedFace]) -> list[int]:
    """Which faces of a chain to describe first: those at its ends, and on both sides of a sudden change."""
    edges = {0, len(chain) - 1}
    for at, (before, face) in enumerate(pairwise(chain)):
        if before.look is not None and face.look is not None and float(before.look @ face.look) < _SAME_LOOK:
            edges |= {at, at + 1}
    return sorted(edges)


def _look(face: TrackedFace) -> FloatArray | None:
    """What a face looks like, (D,) unit length; only that of the next frame compares."""
    if face.aligned is None:
        return None
    small = cv2.resize(face.aligned.crops[0], (_LOOK_SIDE_PX, _LOOK_SIDE_PX), interpolation=cv2.INTER_AREA)
    grey = small.mean(axis=2, dtype=np.float32).ravel()
    grey -= grey.mean()
    norm = float(np.linalg.norm(grey))
    return None if norm == 0 else np.asarray(grey / norm, np.float32)


def _overlapping(before: Sequence[Box], now: Sequence[Box]) -> list[tuple[int, int]]:
    """Pairs of boxes that overlap, each box in one pair at most, the best overlap first."""
    overlaps = np.array([[_overlap(a, b) for b in now] for a in before]).reshape(len(before), len(now))
    return _best_pairs(overlaps, _MIN_OVERLAP)


def _alike(before: Sequence[TrackedFace], now: Sequence[TrackedFace], threshold: float) -> list[tuple[int, int]]:
    if not before or not now:
        return []
    rows = np.stack([face.embedding for face in before if face.embedding is not None])
    columns = np.stack([face.embedding for face in now if face.embedding is not None])
    return _best_pairs(cosine_matrix(rows, columns), threshold)


def _best_pairs(values: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Row and column of the largest values, no row and no column twice, down to ``least``."""
    values = values.copy()
    pairs = []
    while values.size and values.max() >= least:
        row, column = map(int, np.unravel_index(values.argmax(), values.shape))
        pairs.append((row, column))
        values[row, :] = values[:, column] = -np.inf
    return pairs


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a.x_max, b.x_max) - max(a.x_min, b.x_min)
    height = min(a.y_max, b.y_max) - max(a.y_min, b.y_min)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.area + b.area - shared)
