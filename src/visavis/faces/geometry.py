"""Boxes and similarity transforms, in pixels, x right and y down.

Coordinates are continuous: pixel *i* covers the interval from *i* to *i* + 1, so that resizing a picture by a
factor multiplies its coordinates by that factor and nothing else.
"""

from __future__ import annotations

import numpy as np

from visavis.faces.arrays import BoolArray, FloatArray, IndexArray


def box_sizes(boxes_xyxy: FloatArray) -> FloatArray:
    """(N, 4) boxes to (N, 2) widths and heights, never negative."""
    sizes: FloatArray = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    return sizes


def box_centres(boxes_xyxy: FloatArray) -> FloatArray:
    """(N, 4) boxes to (N, 2) centres."""
    centres: FloatArray = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / np.float32(2)
    return centres


def iou(box_xyxy: FloatArray, boxes_xyxy: FloatArray) -> FloatArray:
    """Intersection over union of one box (4,) with each of (N, 4): (N,) in 0..1; 0 where both are empty."""
    top_left = np.maximum(box_xyxy[:2], boxes_xyxy[:, :2])
    bottom_right = np.minimum(box_xyxy[2:], boxes_xyxy[:, 2:])
    shared = np.maximum(bottom_right - top_left, 0).prod(axis=1)
    areas = box_sizes(boxes_xyxy).prod(axis=1)
    union = box_sizes(box_xyxy[None]).prod() + areas - shared
    quotient: FloatArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return np.minimum(quotient, 1)


def non_maximum_suppression(boxes_xyxy: FloatArray, scores: FloatArray, max_iou: float) -> IndexArray:
    """Of boxes that overlap by more than ``max_iou`` keep the best.

    Returns:
        (M,) indices of the kept boxes, best score first; equal scores in the order they came.
    """
    waiting = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while waiting.size:
        best, rest = waiting[0], waiting[1:]
        kept.append(int(best))
        waiting = rest[iou(boxes_xyxy[best], boxes_xyxy[rest]) <= max_iou] if rest.size else rest
    return np.array(kept, dtype=np.intp)


def similarity_transforms(points_xy: FloatArray, template_xy: FloatArray) -> FloatArray:
    """The least-squares rotation, scale and shift that takes each set of points to the template.

    Args:
        points_xy: (N, K, 2).
        template_xy: (K, 2).
    Returns:
        (N, 2, 3) matrices for column vectors (x, y, 1); rows of NaN where all points of a set coincide.
    Source:
        Umeyama 1991, IEEE TPAMI 13(4). In the plane the best proper rotation and scale are one complex
        number, <points, template> / <points, points>, so that no singular value decomposition is needed.
    """
    points = points_xy.astype(np.float64)
    template = template_xy.astype(np.float64)
    centres = points.mean(axis=1)
    template_centre = template.mean(axis=0)
    spread = points - centres[:, None]
    target = template - template_centre
    p = spread[..., 0] + 1j * spread[..., 1]
    q = target[:, 0] + 1j * target[:, 1]
    energy = (p.real**2 + p.imag**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = np.where(energy > 0, (p.conj() * q).sum(axis=1) / energy, np.nan)
    matrices = np.empty((len(points), 2, 3))
    turn = np.where(np.isnan(turn), complex(np.nan, np.nan), turn)
    matrices[:, 0, 0] = matrices[:, 1, 1] = turn.real
    matrices[:, 1, 0], matrices[:, 0, 1] = turn.imag, -turn.imag
    matrices[:, :, 2] = template_centre - np.einsum("nij,nj->ni", matrices[:, :, :2], centres)
    return matrices.astype(np.float32)


def apply_transforms(matrices: FloatArray, points_xy: FloatArray) -> FloatArray:
    """Move (N, K, 2) points by (N, 2, 3) matrices, row by row."""
    moved: FloatArray = np.einsum("nij,nkj->nki", matrices[:, :, :2], points_xy) + matrices[:, None, :, 2]
    return moved


def can_be_aligned(landmarks_xy: FloatArray, min_spread_px: float = 0.5) -> BoolArray:
    """(N, K, 2) landmarks to (N,): finite, and not all within ``min_spread_px`` of their mean."""
    if not len(landmarks_xy):
        return np.zeros(0, dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        spread = landmarks_xy - landmarks_xy.mean(axis=1, keepdims=True)
        distance_px = np.sqrt((spread.astype(np.float64) ** 2).sum(axis=2)).max(axis=1)
    usable: BoolArray = np.isfinite(distance_px) & (distance_px >= min_spread_px)
    return usable
