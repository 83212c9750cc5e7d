"""Parts of pictures, smaller pictures, and JPEG to show them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from visavis.media.colours import UInt8Array

FloatArray = npt.NDArray[np.floating]


def crop_box(
    box_xyxy: FloatArray | tuple[float, float, float, float], size_wh: tuple[int, int], margin: float
) -> tuple[int, int, int, int]:
    """Whole pixels around a box, within the picture.

    Args:
        box_xyxy: pixels; may reach beyond the picture, or lie outside of it.
        margin: added on every side, as a share of the box's width or height.
    Returns:
        left, top, right, bottom; right and bottom exclusive; at least 1 x 1.
    Raises:
        ValueError: a coordinate is not finite, or the picture has no pixels.
    """
    left, top, right, bottom = (float(value) for value in box_xyxy)
    if not all(map(math.isfinite, (left, top, right, bottom))):
        raise ValueError("a box needs finite coordinates")
    if min(size_wh) < 1:
        raise ValueError("a picture without pixels has no crops")
    x1, x2 = _interval(left, right, margin, size_wh[0])
    y1, y2 = _interval(top, bottom, margin, size_wh[1])
    return x1, y1, x2, y2


def _interval(low: float, high: float, margin: float, length: int) -> tuple[int, int]:
    extra = margin * max(0.0, high - low)
    start = math.floor(min(max(low - extra, 0), length - 1))
    end = math.ceil(min(max(high + extra, start + 1), length))
    return start, end


def cut_crop(
    image_rgb: UInt8Array, box_xyxy: FloatArray | tuple[float, float, float, float], margin: float = 0.25
) -> UInt8Array:
    """The part of a picture around a box: (H, W, 3), a copy, see ``crop_box``."""
    left, top, right, bottom = crop_box(box_xyxy, (image_rgb.shape[1], image_rgb.shape[0]), margin)
    return image_rgb[top:bottom, left:right].copy()


def thumbnail_size(size_wh: tuple[int, int], max_side_px: int) -> tuple[int, int]:
    """The size of the thumbnail of a picture of this size."""
    scale = min(1.0, max_side_px / max(size_wh))
    return max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale))


def thumbnail(image_rgb: UInt8Array, max_side_px: int) -> UInt8Array:
    """The picture with its longest side at most ``max_side_px``; never enlarged, at least 1 x 1."""
    size_wh = image_rgb.shape[1], image_rgb.shape[0]
    if max(size_wh) <= max_side_px:
        return image_rgb
    size_wh = thumbnail_size(size_wh, max_side_px)
    return np.asarray(cv2.resize(image_rgb, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


def encode_jpeg(image_rgb: UInt8Array, quality: int = 90) -> bytes:
    """JPEG without metadata.

    Args:
        quality: 1 to 100.
    Raises:
        ValueError: more than 65535 px along a side, which JPEG cannot hold, or no pixels.
    """
    if not 1 <= min(image_rgb.shape[:2]) <= max(image_rgb.shape[:2]) <= 65535:
        raise ValueError("a JPEG has 1 to 65535 pixels a side")
    image_bgr = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError("the picture could not be encoded")
    return encoded.tobytes()
