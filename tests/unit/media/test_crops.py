from __future__ import annotations

import numpy as np
import pytest

from visavis.media.crops import crop_box, cut_crop, encode_jpeg, thumbnail
from visavis.media.images import decode_image

SIZE_WH = (100, 50)


@pytest.mark.parametrize(
    ("box", "margin", "expected"),
    [
        ((10, 10, 30, 20), 0.0, (10, 10, 30, 20)),
        ((10, 10, 30, 20), 0.25, (5, 7, 35, 23)),
        ((10.4, 10.4, 29.6, 19.6), 0.0, (10, 10, 30, 20)),  # a touched pixel belongs to it
        ((-20, -20, 130, 70), 0.5, (0, 0, 100, 50)),
        ((90, 40, 120, 60), 0.0, (90, 40, 100, 50)),
        ((10, 10, 10, 10), 0.25, (10, 10, 11, 11)),  # no area
        ((30, 20, 10, 10), 0.25, (30, 20, 31, 21)),  # inside out
        ((-50, -50, -40, -40), 0.0, (0, 0, 1, 1)),  # left of the picture
        ((200, 200, 300, 300), 0.0, (99, 49, 100, 50)),  # right of it
        ((1e300, 0, 1e301, 1), 0.0, (99, 0, 100, 1)),
        ((-1e308, 0, 1e308, 1), 1.0, (0, 0, 100, 2)),
    ],
)
def test_a_crop_box_lies_within_the_picture_and_has_pixels(box, margin, expected):
    assert crop_box(box, SIZE_WH, margin) == expected
    assert crop_box(np.array(box, np.float64), SIZE_WH, margin) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_box_needs_finite_coordinates(value):
    with pytest.raises(ValueError, match="finite"):
        crop_box((0, 0, value, 1), SIZE_WH, 0.0)


def test_a_picture_without_pixels_has_no_crops():
    with pytest.raises(ValueError, match="without pixels"):
        crop_box((0, 0, 1, 1), (0, 5), 0.0)


def test_a_crop_is_a_copy_of_that_part():
    image = np.arange(50 * 100 * 3, dtype=np.uint8).reshape(50, 100, 3)
    crop = cut_crop(image, (10, 20, 30, 40), margin=0.0)
    assert np.array_equal(crop, image[20:40, 10:30])
    assert crop.flags.c_contiguous
    assert not np.shares_memory(crop, image)


@pytest.mark.parametrize(
    ("shape", "max_side_px", "expected"),
    [((50, 100, 3), 20, (10, 20, 3)), ((1, 1000, 3), 10, (1, 10, 3)), ((5, 5, 3), 20, (5, 5, 3))],
)
def test_a_thumbnail_fits_and_is_never_enlarged(shape, max_side_px, expected):
    assert thumbnail(np.full(shape, 7, np.uint8), max_side_px).shape == expected


def test_a_jpeg_shows_the_picture_and_carries_no_metadata():
    image = np.zeros((40, 60, 3), np.uint8)
    image[:] = (200, 30, 60)
    data = encode_jpeg(image)
    assert np.abs(decode_image(data).image_rgb.astype(int) - image).max() <= 3
    assert b"Exif" not in data
    assert len(encode_jpeg(image, quality=50)) <= len(data)


def test_what_a_jpeg_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="65535"):
        encode_jpeg(np.zeros((1, 70_000, 3), np.uint8))


def test_a_read_only_picture_can_be_cut_and_encoded():
    image = np.zeros((40, 60, 3), np.uint8)
    image.flags.writeable = False
    assert encode_jpeg(thumbnail(cut_crop(image, (0, 0, 30, 30)), 8))
    assert encode_jpeg(image[:20, :20])
