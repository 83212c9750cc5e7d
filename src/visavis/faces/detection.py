"""Face detection with YuNet: from a picture to boxes, landmarks and scores."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from visavis.errors import DetectionFailed
from visavis.faces.arrays import FloatArray, UInt8Array
from visavis.faces.backends import Network
from visavis.faces.geometry import box_sizes, non_maximum_suppression
from visavis.faces.records import Detections

STRIDES = (8, 16, 32)
OUTPUTS = [f"{head}_{stride}" for head in ("cls", "obj", "bbox", "kps") for stride in STRIDES]
MAX_IOU = 0.3  # of two faces that are both kept; OpenCV's default for this network
MAX_FACES = 5000  # candidates that enter the suppression, best first
PART_INSIDE, PART_AREA = 0.6, 0.1  # of a part: its share inside the face, its least area in face areas
_MULTIPLE = STRIDES[-1]


class Detector:
    """Runs YuNet on a picture and reads its output.

    Source:
        Wu, Peng, Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector". Score: root of class times object.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def detect(self, image_rgb: UInt8Array, min_score: float) -> Detections:
        """Faces of at least ``min_score``, best first, in pixels of the picture, which is taken as it is.

        Raises:
            DetectionFailed: the runtime failed.
        """
        batch = to_planes(image_rgb)
        try:
            outputs = self._network.run(batch)
        except Exception as error:  # each runtime has its own
            height, width = image_rgb.shape[:2]
            raise DetectionFailed(f"Finding faces in {width} x {height} pixels failed: {error}") from error
        return decode(outputs, batch.shape[2:], min_score)


def shrink(image_rgb: UInt8Array, longest_side_px: int) -> UInt8Array:
    """The picture with its longest side at most ``longest_side_px``; the same array where it is already."""
    height, width = image_rgb.shape[:2]
    return image_rgb if max(height, width) <= longest_side_px else resize(image_rgb, longest_side_px)


def resize(image_rgb: UInt8Array, longest_side_px: int) -> UInt8Array:
    """The picture with its longest side ``longest_side_px``."""
    height, width = image_rgb.shape[:2]
    factor = longest_side_px / max(height, width)
    size_wh = (max(1, round(width * factor)), max(1, round(height * factor)))
    # Two source pixels and more for one: interpolation would skip some of them
    how = cv2.INTER_AREA if factor <= 0.5 else cv2.INTER_LINEAR if factor <= 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image_rgb, size_wh, interpolation=how), dtype=np.uint8)


def to_planes(image_rgb: UInt8Array) -> FloatArray:
    """(H, W, 3) uint8 to (1, 3, H', W') float32, black to the right and below up to a multiple of 32."""
    height, width = image_rgb.shape[:2]
    padded = (-(-height // _MULTIPLE) * _MULTIPLE, -(-width // _MULTIPLE) * _MULTIPLE)
    planes = (np.empty if padded == (height, width) else np.zeros)((1, 3, *padded), dtype=np.float32)
    for channel, plane in enumerate(cv2.split(image_rgb)):  # three times as fast as a transposed copy
        planes[0, channel, :height, :width] = plane
    return planes


def decode(outputs: list[FloatArray], size_hw: tuple[int, ...], min_score: float) -> Detections:
    """The twelve maps of one picture to detections, best first, overlapping ones suppressed."""
    levels = len(STRIDES)
    cls, obj, bbox, kps = (
        np.concatenate([rows[0] for rows in outputs[at : at + levels]]) for at in range(0, 4 * levels, levels)
    )
    product = (cls * obj)[:, 0]
    rows = np.flatnonzero(product >= min_score * min_score)
    if not rows.size:
        return Detections.none()
    cells, strides = (table[rows] for table in grid(size_hw[0], size_hw[1]))
    bbox = bbox[rows]
    with np.errstate(over="ignore"):
        centre, half = cells + bbox[:, :2], np.exp(bbox[:, 2:]) / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1) * strides
    landmarks = (kps[rows].reshape(-1, 5, 2) + cells[:, None]) * strides[:, None]
    found = Detections(boxes, landmarks, np.sqrt(np.minimum(product[rows], 1)))
    return suppress_overlaps(found[np.flatnonzero(np.isfinite(boxes).all(axis=1))])


def suppress_overlaps(found: Detections) -> Detections:
    """Of detections of the same face keep the best; best first."""
    if len(found) > MAX_FACES:
        found = found[np.argsort(-found.detection_scores, kind="stable")[:MAX_FACES]]
    return found[non_maximum_suppression(found.boxes_xyxy, found.detection_scores, MAX_IOU)]


def suppress_parts(found: Detections) -> Detections:
    """Drop what lies within a better detection and is no tiny part of it; best first in and out.

    At a size where a face is too large for YuNet it may take half of it for a face. Its overlap with the whole
    face, found in the look at a smaller size, is then too low for :func:`suppress_overlaps`.
    """
    areas = box_sizes(found.boxes_xyxy).prod(axis=1)
    kept: list[int] = []
    for i, box in enumerate(found.boxes_xyxy):
        better = found.boxes_xyxy[kept]
        share = np.minimum(box[2:], better[:, 2:]) - np.maximum(box[:2], better[:, :2])
        inside = np.maximum(share, 0).prod(axis=1) > PART_INSIDE * areas[i]
        if not (inside & (areas[i] < areas[kept]) & (areas[i] > areas[kept] * PART_AREA)).any():
            kept.append(i)
    return found[kept]


@lru_cache(maxsize=64)
def grid(height: int, width: int) -> tuple[FloatArray, FloatArray]:
    """Position (x, y) in cells, (M, 2), and stride, (M, 1), of every cell of all maps. Not to be written."""
    cells, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
