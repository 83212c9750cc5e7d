"""Pictures' bytes to the faces in them: decoding, finding, describing; and the crop of a face, when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.faces import AlignedFaces, Face, FaceEngine
from visavis.media.crops import crop_box, cut_crop, encode_jpeg, thumbnail, thumbnail_size
from visavis.media.images import ImageLimits, Picture, decode_image
from visavis.records import Box, FloatArray

# A face needs the 112 px of the aligned crop; a picture that was decoded at reduced size is decoded again for less.
_ENOUGH_PX = 112

_CROP_MARGIN = 0.25  # of the box, on every side
_MAX_CROP_PX = 640
_CROP_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """A face of a picture, which nobody has described. The box is in fractions of the upright picture."""

    box: Box
    detection_score: float


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace(DetectedFace):
    """A face of a picture, described. Landmarks (5, 2) are fractions of the upright picture."""

    landmarks_xy: FloatArray
    sharpness: float
    is_frontal: bool
    embedding: FloatArray  # (D,) unit length
    crop_size_wh: tuple[int, int]  # pixels of what cut_face() gives for it


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Faces that were found in one decoding of a picture, and its size."""

    aligned: AlignedFaces
    size_wh: tuple[int, int]
    full_size_wh: tuple[int, int]


Look = tuple[_Part, ...]
"""What is kept of a picture between looking for its faces and describing them: no pixels but the faces'."""


def look_at(engine: FaceEngine, data: bytes, limits: ImageLimits, *, persistent: bool = False) -> Look:
    """Decode a picture, find its faces and cut them out.

    Args:
        persistent: somebody should be there: where nobody is found, look again at other scales.
    Raises:
        ImageError: the bytes are no usable picture.
        DetectionFailed: the engine failed.
    """
    picture = decode_image(data, limits=limits, min_longest_side_px=engine.longest_side_px)
    detections = engine.detect(picture.image_rgb, persistent=persistent)
    boxes = detections.boxes_xyxy
    is_small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) < _ENOUGH_PX
    if picture.reduction == 1 or not is_small.any():
        return (_part(picture, engine.align(picture.image_rgb, detections)),)
    full = decode_image(data, limits=limits)
    return (
        _part(picture, engine.align(picture.image_rgb, detections[~is_small])),
        _part(full, engine.align(full.image_rgb, detections[is_small].scaled(picture.reduction))),
    )


def describe(engine: FaceEngine, looks: Sequence[Look]) -> list[list[FoundFace]]:
    """The faces of some pictures, of each in the order they were found.

    Raises:
        EmbeddingFailed: the engine failed.
    """
    described = iter(engine.embed([part.aligned for look in looks for part in look]))
    return [
        [found for part in look for face in next(described) if (found := _found_face(part, face)) is not None]
        for look in looks
    ]


def detect_faces(engine: FaceEngine, data: bytes, limits: ImageLimits) -> list[DetectedFace]:
    """The faces of one picture, best first, not described, which takes a third of the time.

    Raises:
        ImageError: the bytes are no usable picture.
        DetectionFailed: the engine failed.
    """
    picture = decode_image(data, limits=limits, min_longest_side_px=engine.longest_side_px)
    detections = engine.detect(picture.image_rgb)
    found = zip(detections.boxes_xyxy, detections.detection_scores, strict=True)
    return [
        DetectedFace(box, float(score))
        for box_xyxy, score in found
        if (box := box_in_fractions(box_xyxy, picture.size_wh)) is not None
    ]


def analyze_picture(engine: FaceEngine, data: bytes, limits: ImageLimits) -> list[FoundFace]:
    """The faces of one picture.

    Raises:
        as look_at() and describe().
    """
    return describe(engine, [look_at(engine, data, limits)])[0]


def cut_face(data: bytes, box: Box, limits: ImageLimits) -> bytes:
    """The crop of a face as JPEG, cut from its stored picture.

    Crops are not stored: one blob less a face to keep, to pay for and to erase, and few are ever looked at.

    Raises:
        ImageError: the bytes are no usable picture.
    """
    image_rgb = decode_image(data, limits=limits).image_rgb
    pixels = _pixels(box, (image_rgb.shape[1], image_rgb.shape[0]))
    return encode_jpeg(thumbnail(cut_crop(image_rgb, pixels, _CROP_MARGIN), _MAX_CROP_PX), _CROP_QUALITY)


def _part(picture: Picture, aligned: AlignedFaces) -> _Part:
    return _Part(aligned, picture.size_wh, picture.full_size_wh)


def _crop_size_wh(box: Box, picture_size_wh: tuple[int, int]) -> tuple[int, int]:
    left, top, right, bottom = crop_box(_pixels(box, picture_size_wh), picture_size_wh, _CROP_MARGIN)
    return thumbnail_size((right - left, bottom - top), _MAX_CROP_PX)


def _pixels(box: Box, picture_size_wh: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = picture_size_wh
    return box.x_min * width, box.y_min * height, box.x_max * width, box.y_max * height


def box_in_fractions(box_xyxy: FloatArray, size_wh: tuple[int, int]) -> Box | None:
    """A box in pixels, clipped to its picture; None when it is wholly outside."""
    edges = np.clip(box_xyxy.reshape(2, 2) / np.array(size_wh, np.float64), 0, 1)
    (x_min, y_min), (x_max, y_max) = edges.tolist()
    return Box(x_min, y_min, x_max, y_max) if x_min < x_max and y_min < y_max else None


def _found_face(part: _Part, face: Face) -> FoundFace | None:
    box = box_in_fractions(face.box_xyxy, part.size_wh)
    if box is None:
        return None
    return FoundFace(
        box=box,
        detection_score=face.detection_score,
        landmarks_xy=(face.landmarks_xy / np.array(part.size_wh, np.float64)).astype(np.float32),
        sharpness=face.sharpness,
        is_frontal=face.is_frontal,
        embedding=face.embedding,
        crop_size_wh=_crop_size_wh(box, part.full_size_wh),
    )
