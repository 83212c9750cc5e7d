from __future__ import annotations

import numpy as np
import pytest

from visavis.errors import DegenerateLandmarks
from visavis.faces.alignment import TEMPLATE_XY, align_faces


def gradient(side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side] * (255 / side)
    return np.stack([x, y, (x + y) / 2], axis=2).astype(np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 3.7, 9])
def test_a_crop_shows_what_lies_under_the_template(scale: float) -> None:
    side = round(112 * scale)
    image = gradient(side)
    (crop,) = align_faces(image, (TEMPLATE_XY * scale)[None])
    expected = gradient(112)
    assert np.abs(crop.astype(int) - expected)[4:-4, 4:-4].max() <= 3


def test_the_picture_ends_in_black() -> None:
    (crop,) = align_faces(np.full((40, 40, 3), 200, np.uint8), TEMPLATE_XY[None])
    assert crop[100, 100].tolist() == [0, 0, 0]
    assert crop[20, 20].tolist() == [200, 200, 200]


def test_no_landmarks_give_no_crops() -> None:
    assert align_faces(gradient(50), np.zeros((0, 5, 2), np.float32)).shape == (0, 112, 112, 3)


def test_landmarks_that_coincide_are_an_error() -> None:
    with pytest.raises(DegenerateLandmarks):
        align_faces(gradient(50), np.full((1, 5, 2), 20, np.float32))


def test_landmarks_far_outside_the_picture_give_a_black_crop() -> None:
    for scale in (1, 8):
        assert not align_faces(gradient(50), (TEMPLATE_XY * scale + 10_000)[None]).any()
