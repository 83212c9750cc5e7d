from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from visavis.faces.alignment import TEMPLATE_XY
from visavis.faces.geometry import (
    apply_transforms,
    box_centres,
    box_sizes,
    can_be_aligned,
    iou,
    non_maximum_suppression,
    similarity_transforms,
)

coordinate = st.floats(-1000, 1000, width=32)
boxes = st.integers(1, 12).flatmap(
    lambda n: arrays(np.float32, (n, 2, 2), elements=coordinate).map(
        lambda corners: np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    )
)


@given(
    angle=st.floats(-np.pi, np.pi),
    scale=st.floats(0.05, 20),
    shift=arrays(np.float64, 2, elements=st.floats(-500, 500)),
)
def test_a_similarity_transform_recovers_a_known_one(angle: float, scale: float, shift: np.ndarray) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE_XY @ turn.T + shift)[None].astype(np.float32)
    back = apply_transforms(similarity_transforms(points, TEMPLATE_XY), points)
    # float32 keeps seven digits, of coordinates up to 3000 that are scaled up to 20 times
    np.testing.assert_allclose(back[0], TEMPLATE_XY, atol=0.03)


@given(noise=arrays(np.float32, (5, 2), elements=st.floats(-5, 5, width=32)))
def test_a_similarity_transform_is_umeyamas(noise: np.ndarray) -> None:
    points = (TEMPLATE_XY + noise).astype(np.float64)
    p, q = points - points.mean(axis=0), TEMPLATE_XY - TEMPLATE_XY.mean(axis=0, dtype=np.float64)
    u, d, vt = np.linalg.svd(q.T @ p)
    s = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    expected = (d * s).sum() / (p**2).sum() * (u * s) @ vt
    found = similarity_transforms(points[None].astype(np.float32), TEMPLATE_XY)[0]
    np.testing.assert_allclose(found[:, :2], expected, atol=1e-4)


def test_points_that_coincide_have_no_transform() -> None:
    assert np.isnan(similarity_transforms(np.full((1, 5, 2), 7.0, np.float32), TEMPLATE_XY)).all()


@pytest.mark.parametrize(
    ("landmarks", "usable"),
    [
        (TEMPLATE_XY, True),
        (np.full((5, 2), 3.0), False),  # one point
        (TEMPLATE_XY * 0.001, False),  # a thousandth of a face
        (np.full((5, 2), np.nan), False),
        (np.full((5, 2), 1e38), False),
    ],
)
def test_landmarks_that_coincide_cannot_be_aligned(landmarks: np.ndarray, usable: bool) -> None:
    assert can_be_aligned(landmarks[None].astype(np.float32)).tolist() == [usable]


@given(boxes)
def test_iou_is_symmetric_bounded_and_one_with_itself(rows: np.ndarray) -> None:
    overlaps = np.stack([iou(row, rows) for row in rows])
    assert ((overlaps >= 0) & (overlaps <= 1)).all()
    np.testing.assert_allclose(overlaps, overlaps.T, atol=1e-5)
    real = box_sizes(rows).prod(axis=1) > 0
    np.testing.assert_allclose(np.diag(overlaps)[real], 1, rtol=1e-3)


@given(boxes, st.floats(0.125, 8, width=32))
def test_iou_does_not_change_when_the_picture_is_resized(rows: np.ndarray, factor: float) -> None:
    scaled = rows * np.float32(factor)
    np.testing.assert_allclose(iou(rows[0], rows), iou(scaled[0], scaled), atol=2e-3)
    np.testing.assert_allclose(box_centres(scaled), box_centres(rows) * factor, rtol=1e-4, atol=1e-2)


def test_iou_of_half_overlapping_boxes_is_a_third() -> None:
    a, b = np.array([0, 0, 2, 2], np.float32), np.array([[1, 0, 3, 2]], np.float32)
    assert iou(a, b)[0] == pytest.approx(1 / 3)


@given(boxes, st.data())
def test_suppression_is_idempotent_and_keeps_the_best(rows: np.ndarray, data: st.DataObject) -> None:
    scores = data.draw(arrays(np.float32, len(rows), elements=st.floats(0, 1, width=32)))
    kept = non_maximum_suppression(rows, scores, 0.3)
    assert scores[kept[0]] == scores.max()
    assert (np.diff(scores[kept]) <= 0).all()
    again = non_maximum_suppression(rows[kept], scores[kept], 0.3)
    assert again.tolist() == list(range(len(kept)))
    assert all(iou(rows[i], rows[kept]).max() > 0.3 for i in range(len(rows)) if box_sizes(rows)[i].prod() > 0)


def test_suppression_of_nothing_is_nothing() -> None:
    assert non_maximum_suppression(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.3).size == 0
