from __future__ import annotations

import numpy as np
import pytest

from visavis.faces import Detections, UInt8Array
from visavis.faces.detection import (
    STRIDES,
    decode,
    grid,
    shrink,
    suppress_overlaps,
    suppress_parts,
    to_planes,
)


def make_detections(*rows: tuple[float, ...]) -> Detections:
    """Each row: left, top, right, bottom, score."""
    table = np.array(rows, np.float32)
    return Detections(table[:, :4], np.zeros((len(table), 5, 2), np.float32), table[:, 4])


@pytest.mark.parametrize(
    ("size_wh", "shrunk_wh"),
    [
        ((100, 50), (100, 50)),  # never enlarged
        ((1280, 10), (1280, 10)),
        ((4000, 3000), (1280, 960)),
        ((10, 5000), (3, 1280)),
        ((1, 5000), (1, 1280)),  # no side vanishes
    ],
)
def test_pictures_are_shrunk_to_the_longest_side_and_never_enlarged(
    size_wh: tuple[int, int], shrunk_wh: tuple[int, int]
) -> None:
    image = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
    assert shrink(image, 1280).shape[1::-1] == shrunk_wh


def test_planes_are_padded_to_the_right_and_below(ada: UInt8Array) -> None:
    planes = to_planes(ada[:250, :100])
    assert planes.shape == (1, 3, 256, 128)
    np.testing.assert_array_equal(planes[0, :, :250, :100], ada[:250, :100].transpose(2, 0, 1))
    assert not planes[0, :, 250:].any()
    assert not planes[0, :, :, 100:].any()


def test_a_cell_is_decoded_by_its_place_and_stride() -> None:
    size = (64, 96)
    outputs = []
    for columns in (1, 1, 4, 10):
        outputs += [np.zeros((1, size[0] // s * (size[1] // s), columns), np.float32) for s in STRIDES]
    row = 2 * (96 // 16) + 3  # third line, fourth column of the map at stride 16
    outputs[1][0, row], outputs[4][0, row] = 0.9, 0.4  # class, object
    outputs[7][0, row] = [0.5, 0.25, np.log(2), np.log(3)]
    outputs[10][0, row] = np.arange(10) / 10
    found = decode(outputs, size, 0.59)
    assert found.detection_scores == pytest.approx([0.6])
    np.testing.assert_allclose(found.boxes_xyxy, [[40, 12, 72, 60]])
    np.testing.assert_allclose(found.landmarks_xy[0, 2], [(3 + 0.4) * 16, (2 + 0.5) * 16], rtol=1e-6)
    assert len(decode(outputs, size, 0.61)) == 0


def test_a_box_that_is_not_finite_is_no_face() -> None:
    size = (32, 32)
    outputs = []
    for columns in (1, 1, 4, 10):
        outputs += [np.ones((1, 32 // s * (32 // s), columns), np.float32) for s in STRIDES]
    for maps in outputs[6:9]:
        maps[:] = 1000
    assert len(decode(outputs, size, 0.5)) == 0


def test_the_grid_names_every_cell_of_every_map() -> None:
    cells, strides = grid(64, 96)
    assert len(cells) == len(strides) == 8 * 12 + 4 * 6 + 2 * 3
    assert cells[12].tolist() == [0, 1]
    assert cells[-1].tolist() == [2, 1]
    assert strides[-1, 0] == 32


def test_suppression_keeps_the_better_of_two_looks_at_a_face() -> None:
    found = suppress_overlaps(make_detections((0, 0, 10, 10, 0.8), (1, 1, 11, 11, 0.9), (50, 50, 60, 60, 0.7)))
    assert found.detection_scores == pytest.approx([0.9, 0.7])


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((0, 0, 60, 50), False),  # a third of the face, taken for one
        ((0, 0, 20, 20), True),  # a small face before a large one
        ((80, 0, 140, 50), True),  # mostly beside it
    ],
)
def test_a_part_of_a_better_face_is_no_face(box: tuple[float, ...], kept: bool) -> None:
    found = suppress_parts(make_detections((0, 0, 100, 100, 0.9), (*box, 0.8)))
    assert len(found) == 1 + kept


def test_a_better_detection_within_a_larger_one_stays() -> None:
    assert len(suppress_parts(make_detections((0, 0, 60, 50, 0.9), (0, 0, 100, 100, 0.8)))) == 2
