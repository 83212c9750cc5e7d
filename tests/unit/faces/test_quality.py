from __future__ import annotations

import cv2
import numpy as np
import pytest

from visavis.faces import FaceEngine, UInt8Array
from visavis.faces.alignment import TEMPLATE_XY, align_faces
from visavis.faces.quality import is_frontal, sharpness, yaw_roll_degrees


def test_blur_lowers_sharpness_step_by_step(engine: FaceEngine, people: dict[str, UInt8Array]) -> None:
    for image in people.values():
        found = engine.detect(image)
        crop = align_faces(image, found.landmarks_xy)
        blurred = [cv2.GaussianBlur(crop[0], (0, 0), sigma) for sigma in (0.8, 1.6, 3.2)]
        values = sharpness(np.stack([crop[0], *blurred]))
        assert (np.diff(values) < 0).all()
        assert values[0] > 0.3
        assert values[-1] < 0.1


def test_sharpness_stays_within_zero_and_one() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3)).astype(np.uint8)
    assert sharpness(np.concatenate([np.zeros_like(noise), noise])) == pytest.approx([0, 1], abs=0.05)
    assert sharpness(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0,)


def test_of_the_sample_portraits_only_the_turned_one_is_not_frontal(
    engine: FaceEngine, people: dict[str, UInt8Array]
) -> None:
    (ada, grace, luis) = engine.analyze(list(people.values()))
    assert ada.is_frontal.all()
    assert grace.is_frontal.all()
    assert not luis.is_frontal.any()  # looks down past the camera, about 27 degrees
    assert np.abs(yaw_roll_degrees(luis.landmarks_xy)[0]) == pytest.approx(27, abs=4)


@pytest.mark.parametrize("degrees", [-60, -20, 0, 20, 60])
def test_roll_is_the_slope_of_the_eyes_and_leaves_yaw_alone(degrees: float) -> None:
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    yaw, roll = yaw_roll_degrees((TEMPLATE_XY @ matrix.T)[None].astype(np.float32))
    assert roll[0] == pytest.approx(degrees, abs=1)
    assert abs(yaw[0]) < 2
    assert is_frontal((TEMPLATE_XY @ matrix.T)[None].astype(np.float32))[0] == (abs(degrees) < 30)


@pytest.mark.parametrize("degrees", [-50, -35, -10, 0, 10, 35, 50])
def test_yaw_is_seen_when_a_solid_head_turns(degrees: float) -> None:
    # eyes and mouth in a plane, the nose tip 0.55 eye distances before it
    solid = np.array([[-1, -1, 0], [1, -1, 0], [0, 0.1, -1.1], [-0.8, 1.2, 0], [0.8, 1.2, 0]], dtype=float)
    turn = np.radians(degrees)
    seen = np.stack([solid[:, 0] * np.cos(turn) - solid[:, 2] * np.sin(turn), solid[:, 1]], axis=1)
    landmarks = (seen * 50 + 100)[None].astype(np.float32)
    yaw, _ = yaw_roll_degrees(landmarks)
    assert yaw[0] == pytest.approx(degrees, abs=1)
    assert is_frontal(landmarks)[0] == (abs(degrees) < 25)
