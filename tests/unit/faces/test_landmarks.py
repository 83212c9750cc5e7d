from __future__ import annotations

import numpy as np
import pytest

from visavis.faces import FaceEngine, UInt8Array
from visavis.faces.landmarks import cut_square, look_again


@pytest.mark.parametrize("centre", [(50, 50), (0, 0), (99, 10), (-200, 50)])
@pytest.mark.parametrize("side", [20, 64, 900])
def test_a_square_keeps_track_of_where_it_was_cut(centre: tuple[int, int], side: int) -> None:
    y, x = np.mgrid[:100, :100]
    image = np.stack([x, y, np.full_like(x, 255)], axis=2).astype(np.uint8)
    square, corner, factor = cut_square(image, np.array(centre, np.float32), side, 320)
    assert square.shape == (320, 320, 3)
    v, u = np.nonzero(square[..., 2] == 255)  # inside the picture
    if side == 20:
        expected = u / factor + corner[0] - 0.5
        inner = (square[v, u, 0] > 1) & (square[v, u, 0] < 98)
        assert np.abs(square[v, u, 0] - expected)[inner].max(initial=0) < 1.6


def test_the_second_look_moves_landmarks_by_little_and_nothing_else(
    engine: FaceEngine, people: dict[str, UInt8Array]
) -> None:
    for image in people.values():
        first = engine._detector.detect(image, 0.7)
        second = look_again(engine._detector, image, first)
        np.testing.assert_array_equal(first.boxes_xyxy, second.boxes_xyxy)
        np.testing.assert_array_equal(first.detection_scores, second.detection_scores)
        eyes_px = np.linalg.norm(first.landmarks_xy[0, 0] - first.landmarks_xy[0, 1])
        moved = np.linalg.norm(first.landmarks_xy - second.landmarks_xy, axis=2).max()
        assert 0 < moved < 0.15 * eyes_px


def test_where_the_second_look_sees_nothing_the_first_landmarks_stay(engine: FaceEngine, ada: UInt8Array) -> None:
    first = engine._detector.detect(ada, 0.7)
    dark = np.zeros_like(ada)
    np.testing.assert_array_equal(look_again(engine._detector, dark, first).landmarks_xy, first.landmarks_xy)
