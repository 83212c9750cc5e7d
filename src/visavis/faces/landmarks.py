"""The second look: landmarks are found again on the face by itself, at a size where they are exact."""

from __future__ import annotations

import cv2
import numpy as np

from visavis.faces.arrays import FloatArray, UInt8Array
from visavis.faces.detection import Detector
from visavis.faces.geometry import box_centres, box_sizes, iou
from visavis.faces.records import Detections

SIDE_PX = 320  # the face is then 200 px wide; at 224 px and less the second look makes matching worse
BOXES_WIDE = 1.6
MIN_SCORE = 0.6
MIN_IOU = 0.3  # with the first box, else it is another face


def look_again(detector: Detector, image_rgb: UInt8Array, found: Detections) -> Detections:
    """Replace the landmarks of each face by the mean of the first look and a second one.

    The second look is a square of 1.6 box sizes round the face, scaled to 320 x 320. Where it shows no face
    the first landmarks stay. Boxes and scores stay as they are.
    """
    if not len(found):
        return found
    landmarks = found.landmarks_xy.copy()
    centres = box_centres(found.boxes_xyxy)
    sides_px = box_sizes(found.boxes_xyxy).max(axis=1) * BOXES_WIDE
    for i, (centre, side_px) in enumerate(zip(centres, sides_px, strict=True)):
        if not side_px >= 4:  # nothing to see
            continue
        square, corner_xy, px_per_px = cut_square(image_rgb, centre, float(side_px), SIDE_PX)
        again = detector.detect(square, MIN_SCORE)
        first_box = (found.boxes_xyxy[i] - np.tile(corner_xy, 2)) * px_per_px
        overlap = iou(first_box, again.boxes_xyxy)
        if overlap.size and overlap.max() >= MIN_IOU:
            second = again.landmarks_xy[int(overlap.argmax())] / px_per_px + corner_xy
            landmarks[i] = (landmarks[i] + second) / 2
    return Detections(found.boxes_xyxy, landmarks, found.detection_scores)


def cut_square(
    image_rgb: UInt8Array, centre_xy: FloatArray, side_px: float, target_px: int
) -> tuple[UInt8Array, FloatArray, float]:
    """A square of the picture, black where the picture ends, scaled to ``target_px``.

    Returns:
        The square; its corner in the picture, (2,) pixels; target pixels per picture pixel.
    """
    side = max(2, round(side_px))
    left, top = (round(float(c) - side / 2) for c in centre_xy)
    height, width = image_rgb.shape[:2]
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if x0 >= x1 or y0 >= y1:
        cut = np.zeros((side, side, 3), dtype=np.uint8)
    elif (x1 - x0, y1 - y0) == (side, side):
        cut = image_rgb[y0:y1, x0:x1]
    else:
        cut = np.zeros((side, side, 3), dtype=np.uint8)
        cut[y0 - top : y1 - top, x0 - left : x1 - left] = image_rgb[y0:y1, x0:x1]
    how = cv2.INTER_AREA if side >= 2 * target_px else cv2.INTER_LINEAR
    square = cv2.resize(cut, (target_px, target_px), interpolation=how)
    return np.asarray(square, dtype=np.uint8), np.array([left, top], dtype=np.float32), target_px / side
