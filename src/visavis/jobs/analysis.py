"""One picture's bytes to the faces in it: decoding, finding, describing; and the crop of a face, when asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.faces import Face, FaceEngine, Faces
from visavis.media.crops import crop_box, cut_crop, encode_jpeg, thumbnail, thumbnail_size
from visavis.media.images import ImageLimits, Picture, decode_image
from visavis.records import Box, FloatArray

# A face needs the 112 px of the aligned crop; a picture that was decoded at reduced size is decoded again for less.
_ENOUGH_PX = 112

_CROP_MARGIN = 0.25  # of the box, on every side
_MAX_CROP_PX = 640
_CROP_QUALITY = 90


@dataclass(frozen=True, slots=True, eq=False)
class FoundFace:
    """A face of a picture. Box and landmarks (5, 2) are fractions of the upright picture."""

    box: Box
    landmarks_xy: FloatArray
    detection_score: float
    sharpness: float
    is_frontal: bool
    embedding: FloatArray  # (D,) unit length
    crop_size_wh: tuple[int, int]  # pixels of what cut_face() gives for it


def analyze_picture(engine: FaceEngine, data: bytes, limits: ImageLimits) -> list[FoundFace]:
    """The faces of a picture, best detection first.

    Raises:
        ImageError: the bytes are no usable picture.
        EngineError: the engine failed.
    """
    picture = decode_image(data, limits=limits, min_longest_side_px=engine.longest_side_px)
    detections = engine.detect(picture.image_rgb)
    boxes = detections.boxes_xyxy
    is_small = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) < _ENOUGH_PX
    if picture.reduction > 1 and is_small.any():
        full = decode_image(data, limits=limits)
        small = detections[is_small].scaled(picture.reduction)
        return _found(picture, engine.describe(picture.image_rgb, detections[~is_small])) + _found(
            full, engine.describe(full.image_rgb, small)
        )
    return _found(picture, engine.describe(picture.image_rgb, detections))


def _found(picture: Picture, faces: Faces) -> list[FoundFace]:
    found = [_found_face(picture, face) for face in faces]
    return [face for face in found if face is not None]


def cut_face(data: bytes, box: Box, limits: ImageLimits) -> bytes:
    """The crop of a face as JPEG, cut from its stored picture.

    Crops are not stored: one blob less a face to keep, to pay for and to erase, and few are ever looked at.

    Raises:
        ImageError: the bytes are no usable picture.
    """
    image_rgb = decode_image(data, limits=limits).image_rgb
    pixels = _pixels(box, (image_rgb.shape[1], image_rgb.shape[0]))
    return encode_jpeg(thumbnail(cut_crop(image_rgb, pixels, _CROP_MARGIN), _MAX_CROP_PX), _CROP_QUALITY)


def _crop_size_wh(box: Box, picture_size_wh: tuple[int, int]) -> tuple[int, int]:
    left, top, right, bottom = crop_box(_pixels(box, picture_size_wh), picture_size_wh, _CROP_MARGIN)
    return thumbnail_size((right - left, bottom - top), _MAX_CROP_PX)


def _pixels(box: Box, picture_size_wh: tuple[int, int]) -> tuple[float, float, float, float]:
    width, height = picture_size_wh
    return box.x_min * width, box.y_min * height, box.x_max * width, box.y_max * height


def _found_face(picture: Picture, face: Face) -> FoundFace | None:
    size = np.array(picture.size_wh, np.float64)
    edges = np.clip(face.box_xyxy.reshape(2, 2) / size, 0, 1)
    (x_min, y_min), (x_max, y_max) = edges.tolist()
    if not (x_min < x_max and y_min < y_max):
        return None  # wholly outside of the picture
    box = Box(x_min, y_min, x_max, y_max)
    return FoundFace(
        box=box,
        landmarks_xy=(face.landmarks_xy / size).astype(np.float32),
        detection_score=face.detection_score,
        sharpness=face.sharpness,
        is_frontal=face.is_frontal,
        embedding=face.embedding,
        crop_size_wh=_crop_size_wh(box, picture.full_size_wh),
    )
