"""The nouns of this room: detections, faces, and one face."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.faces.arrays import BoolArray, FloatArray, IndexArray, check_rows
from visavis.faces.geometry import box_sizes

LANDMARK_ORDER: Final = (
    "image-left eye",
    "image-right eye",
    "nose tip",
    "image-left mouth corner",
    "image-right mouth corner",
)

Rows = BoolArray | IndexArray | slice | list[int]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces found in one upright image, not yet described; row i of every array is the same face.

    Boxes are in pixels of that image and may reach past its edge where the face does.
    """

    boxes_xyxy: FloatArray  # (N, 4) pixels: left, top, right, bottom
    landmarks_xy: FloatArray  # (N, 5, 2) pixels, in LANDMARK_ORDER
    detection_scores: FloatArray  # (N,) in 0..1, best first as the engine returns them

    def __post_init__(self) -> None:
        boxes = check_rows("boxes_xyxy", self.boxes_xyxy, (4,))
        object.__setattr__(self, "boxes_xyxy", boxes)
        for name, row_shape in (("landmarks_xy", (5, 2)), ("detection_scores", ())):
            object.__setattr__(self, name, check_rows(name, getattr(self, name), row_shape, len(boxes)))

    @classmethod
    def none(cls) -> Detections:
        """No face: the normal result for most pictures of the world."""
        return cls(np.zeros((0, 4)), np.zeros((0, 5, 2)), np.zeros(0))  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    def __getitem__(self, rows: Rows) -> Detections:
        """The same rows of every array: a mask, a slice or an array of indices."""
        return Detections(self.boxes_xyxy[rows], self.landmarks_xy[rows], self.detection_scores[rows])

    def scaled(self, factor_xy: tuple[float, float] | float) -> Detections:
        """The same faces in the picture resized by ``factor_xy`` (one number for both axes, or a pair)."""
        factor = np.broadcast_to(np.asarray(factor_xy, dtype=np.float32), (2,))
        return Detections(self.boxes_xyxy * np.tile(factor, 2), self.landmarks_xy * factor, self.detection_scores)


def joined(parts: Sequence[Detections]) -> Detections:
    """The rows of all parts, in their order."""
    return Detections(
        np.concatenate([part.boxes_xyxy for part in parts]),
        np.concatenate([part.landmarks_xy for part in parts]),
        np.concatenate([part.detection_scores for part in parts]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face of one image: a row of :class:`Faces`."""

    box_xyxy: FloatArray  # (4,) pixels
    landmarks_xy: FloatArray  # (5, 2) pixels, in LANDMARK_ORDER
    detection_score: float  # 0..1
    embedding: FloatArray  # (D,) unit length
    sharpness: float  # 0..1, see quality.sharpness
    is_frontal: bool

    @property
    def size_px(self) -> tuple[float, float]:
        """Width and height of the box."""
        width, height = box_sizes(self.box_xyxy[None])[0]
        return float(width), float(height)


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Faces of one upright image, described; row i of every array is the same face, best detection first."""

    boxes_xyxy: FloatArray  # (N, 4) pixels: left, top, right, bottom
    landmarks_xy: FloatArray  # (N, 5, 2) pixels, in LANDMARK_ORDER
    detection_scores: FloatArray  # (N,) in 0..1
    embeddings: FloatArray  # (N, D) unit length
    sharpness: FloatArray  # (N,) in 0..1
    is_frontal: BoolArray  # (N,)

    def __post_init__(self) -> None:
        boxes = check_rows("boxes_xyxy", self.boxes_xyxy, (4,))
        object.__setattr__(self, "boxes_xyxy", boxes)
        row_shapes = {
            "landmarks_xy": (5, 2),
            "detection_scores": (),
            "embeddings": np.shape(self.embeddings)[1:],
            "sharpness": (),
        }
        for name, row_shape in row_shapes.items():
            object.__setattr__(self, name, check_rows(name, getattr(self, name), row_shape, len(boxes)))
        if self.embeddings.ndim != 2:
            raise ValueError(f"embeddings has the shape (N, D), not {self.embeddings.shape}")
        is_frontal = np.asarray(self.is_frontal, dtype=np.bool_)
        if is_frontal.shape != (len(boxes),):
            raise ValueError(f"is_frontal has the shape ({len(boxes)},), not {is_frontal.shape}")
        object.__setattr__(self, "is_frontal", is_frontal)

    def __len__(self) -> int:
        return len(self.boxes_xyxy)

    def __getitem__(self, rows: Rows) -> Faces:
        """The same rows of every array: a mask, a slice or an array of indices."""
        return Faces(
            self.boxes_xyxy[rows],
            self.landmarks_xy[rows],
            self.detection_scores[rows],
            self.embeddings[rows],
            self.sharpness[rows],
            self.is_frontal[rows],
        )

    def __iter__(self) -> Iterator[Face]:
        return (self.face(i) for i in range(len(self)))

    def face(self, i: int) -> Face:
        """Row ``i`` by itself; IndexError past the end."""
        return Face(
            self.boxes_xyxy[i],
            self.landmarks_xy[i],
            float(self.detection_scores[i]),
            self.embeddings[i],
            float(self.sharpness[i]),
            bool(self.is_frontal[i]),
        )

    def largest(self) -> int:
        """Index of the face with the largest box; ValueError when there is none."""
        if not len(self):
            raise ValueError("there is no face, so none is the largest")
        return int(box_sizes(self.boxes_xyxy).prod(axis=1).argmax())
