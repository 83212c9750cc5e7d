"""Quality of a face picture: is it sharp, does the face look at the camera."""

from __future__ import annotations

import cv2
import numpy as np

from visavis.faces.arrays import BoolArray, FloatArray, UInt8Array

HALF_SHARP = 120.0  # variance of the Laplacian that maps to 0.5
MAX_YAW_DEG = 25.0
MAX_ROLL_DEG = 30.0
NOSE_DEPTH = 0.55  # the nose tip stands this many eye distances before the plane of eyes and mouth


def sharpness(crops: UInt8Array) -> FloatArray:
    """(N, S, S, 3) aligned crops to (N,) in 0..1.

    v / (v + 120), v being the variance of the Laplacian of the grey crop. Because every crop has the same
    scale, a small face enlarged to it counts as blurred, which for matching it is.
    """
    variances = np.empty(len(crops), dtype=np.float32)
    for i, crop in enumerate(crops):
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        variances[i] = cv2.Laplacian(grey, cv2.CV_32F).var()
    return variances / (variances + np.float32(HALF_SHARP))


def yaw_roll_degrees(landmarks_xy: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N, 5, 2) landmarks to (N,) yaw and (N,) roll, rough estimates in degrees.

    Roll is the slope of the line through the eyes. Yaw follows from how far the nose tip lies beside the line
    from the middle of the eyes to the middle of the mouth, in eye distances; positive towards image-right.
    """
    points = landmarks_xy.astype(np.float64)
    left_eye, right_eye, nose = points[:, 0], points[:, 1], points[:, 2]
    across = right_eye - left_eye
    roll = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    eyes, mouth = (left_eye + right_eye) / 2, (points[:, 3] + points[:, 4]) / 2
    down = mouth - eyes
    length = np.maximum(np.hypot(down[:, 0], down[:, 1]), 1e-6)
    to_nose = nose - eyes
    beside = (to_nose[:, 0] * down[:, 1] - to_nose[:, 1] * down[:, 0]) / length
    # Turning narrows the eye distance by cos(yaw) and moves the nose by its depth times sin(yaw).
    eye_distance = np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-6)
    yaw = np.degrees(np.arctan(beside / eye_distance / NOSE_DEPTH))
    return yaw.astype(np.float32), roll.astype(np.float32)


def is_frontal(landmarks_xy: FloatArray) -> BoolArray:
    """(N, 5, 2) landmarks to (N,): yaw within 25 degrees and roll within 30, as far as five points tell."""
    yaw, roll = yaw_roll_degrees(landmarks_xy)
    frontal: BoolArray = (np.abs(yaw) <= MAX_YAW_DEG) & (np.abs(roll) <= MAX_ROLL_DEG)
    return frontal
