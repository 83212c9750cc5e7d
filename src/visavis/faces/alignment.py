"""Alignment: each face turned, scaled and shifted so that its landmarks fall on a template."""

from __future__ import annotations

import cv2
import numpy as np

from visavis.errors import DegenerateLandmarks
from visavis.faces.arrays import FloatArray, UInt8Array
from visavis.faces.geometry import can_be_aligned, similarity_transforms

TEMPLATE_SIDE_PX = 112
# ArcFace's five points (Deng et al. 2019), in LANDMARK_ORDER, as OpenCV uses them for SFace
TEMPLATE_XY: FloatArray = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)
_MARGIN_PX = 2  # of source kept around the crop, for the interpolation


def align_faces(image_rgb: UInt8Array, landmarks_xy: FloatArray, side_px: int = TEMPLATE_SIDE_PX) -> UInt8Array:
    """Turn, scale and shift each face so that its landmarks fall on the template.

    Args:
        image_rgb: (H, W, 3), upright.
        landmarks_xy: (N, 5, 2) pixels of that image, in LANDMARK_ORDER.
    Returns:
        (N, side_px, side_px, 3) RGB; N may be 0; black where the image ends.
    Raises:
        DegenerateLandmarks: the five points of a face coincide.
    Source:
        Umeyama 1991, IEEE TPAMI 13(4); template of ArcFace, Deng et al. 2019.
    """
    if not can_be_aligned(landmarks_xy).all():
        raise DegenerateLandmarks
    crops = np.empty((len(landmarks_xy), side_px, side_px, 3), dtype=np.uint8)
    matrices = similarity_transforms(landmarks_xy, TEMPLATE_XY * (side_px / TEMPLATE_SIDE_PX))
    for crop, matrix in zip(crops, matrices, strict=True):
        crop[:] = _warp(image_rgb, matrix.astype(np.float64), side_px)
    return crops


def _warp(image_rgb: UInt8Array, matrix: FloatArray, side_px: int) -> UInt8Array:
    factor = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if factor < 0.5:
        # Bilinear sampling skips source pixels when it shrinks by more than two: average them first.
        image_rgb, matrix = _averaged(image_rgb, matrix, side_px, int(1 / factor))
    size_wh = (side_px, side_px)
    return np.asarray(cv2.warpAffine(image_rgb, matrix, size_wh, flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _averaged(image_rgb: UInt8Array, matrix: FloatArray, side_px: int, blocks_px: int) -> tuple[UInt8Array, FloatArray]:
    """The part of the picture that the crop shows, in means of blocks, and the matrix from there."""
    back = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0, 1], [side_px, 0, 1], [0, side_px, 1], [side_px, side_px, 1]]) @ back.T
    height, width = image_rgb.shape[:2]
    margin = _MARGIN_PX * blocks_px
    x0, y0 = np.clip(np.floor(corners.min(axis=0)) - margin, 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(corners.max(axis=0)) + margin, (x0 + 1, y0 + 1), (width, height)).astype(int)
    part = image_rgb[y0:y1, x0:x1]
    size_wh = (max(1, (x1 - x0) // blocks_px), max(1, (y1 - y0) // blocks_px))
    small = cv2.resize(part, size_wh, interpolation=cv2.INTER_AREA)
    step_x, step_y = (x1 - x0) / size_wh[0], (y1 - y0) / size_wh[1]
    # warpAffine counts from pixel centres: small pixel i has its centre at (i + 0.5) * step - 0.5 of the part
    to_image = np.array(
        [[step_x, 0, x0 + (step_x - 1) / 2], [0, step_y, y0 + (step_y - 1) / 2], [0, 0, 1]], dtype=np.float64
    )
    return np.asarray(small, dtype=np.uint8), np.asarray(matrix @ to_image)
