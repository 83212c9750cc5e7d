from __future__ import annotations

import numpy as np
import pytest

from visavis.faces import Detections, Faces


def make_detections(n: int = 3) -> Detections:
    boxes = np.array([[10 * i, 20, 10 * i + 5 + i, 40] for i in range(n)], np.float32).reshape(n, 4)
    return Detections(boxes, np.ones((n, 5, 2), np.float32), np.linspace(0.9, 0.7, n, dtype=np.float32))


def make_faces(n: int = 3) -> Faces:
    found = make_detections(n)
    return Faces(
        found.boxes_xyxy,
        found.landmarks_xy,
        found.detection_scores,
        np.eye(n, 4, dtype=np.float32),
        np.full(n, 0.5, np.float32),
        np.ones(n, np.bool_),
    )


@pytest.mark.parametrize(
    ("boxes", "landmarks", "scores"),
    [
        ((2, 3), (2, 5, 2), (2,)),  # boxes have four numbers
        ((2, 4), (2, 4, 2), (2,)),  # landmarks are five
        ((2, 4), (1, 5, 2), (2,)),  # one row is missing
        ((2, 4), (2, 5, 2), (2, 1)),
    ],
)
def test_arrays_of_other_shapes_are_refused(boxes: tuple, landmarks: tuple, scores: tuple) -> None:
    with pytest.raises(ValueError, match=r"shape|rows"):
        Detections(np.zeros(boxes), np.zeros(landmarks), np.zeros(scores))


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        (np.array([True, False, True]), [0, 2]),
        (slice(1, None), [1, 2]),
        (np.array([2, 0]), [2, 0]),
        (np.zeros(0, np.intp), []),
    ],
)
def test_indexing_takes_the_same_rows_of_every_array(rows: object, kept: list[int]) -> None:
    for whole in (make_detections(), make_faces()):
        part = whole[rows]  # type: ignore[index]
        assert type(part) is type(whole)
        np.testing.assert_array_equal(part.boxes_xyxy, whole.boxes_xyxy[kept])
        np.testing.assert_array_equal(part.detection_scores, whole.detection_scores[kept])


def test_scaling_there_and_back_changes_nothing() -> None:
    found = make_detections()
    back = found.scaled((2.0, 4.0)).scaled((0.5, 0.25))
    np.testing.assert_array_equal(back.boxes_xyxy, found.boxes_xyxy)
    np.testing.assert_array_equal(back.landmarks_xy, found.landmarks_xy)


def test_a_face_is_one_row() -> None:
    faces = make_faces()
    assert [face.detection_score for face in faces] == pytest.approx([0.9, 0.8, 0.7])
    assert faces.face(2).size_px == (7.0, 20.0)
    assert faces.largest() == 2


def test_nothing_has_no_largest_face() -> None:
    with pytest.raises(ValueError, match=r"no face"):
        make_faces(0).largest()
