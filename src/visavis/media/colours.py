"""Any Pillow colour mode to RGB uint8."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

UInt8Array = npt.NDArray[np.uint8]

WHITE = (255, 255, 255)


def to_rgb(image: Image.Image) -> UInt8Array:
    """Colours of a loaded picture.

    Transparent parts become white: that is what the page behind a cut-out portrait is, and dark hair on a
    black ground would lose its outline. Embedded ICC profiles are ignored: what they shift is far below
    what light and cameras do, and a transform per picture costs more than decoding it.

    Returns:
        (H, W, 3), C-contiguous.
    Raises:
        OSError, ValueError: Pillow knows no way from this mode to RGB.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode.startswith("I;16"):
        return _grey_to_rgb(_narrow(np.asarray(image)))
    if image.mode in ("I", "F"):
        return _grey_to_rgb(_stretch(np.asarray(image)))
    if image.mode == "LAB":
        return _lab_to_rgb(np.asarray(image))
    if image.has_transparency_data:
        return _on_white(image.convert("RGBA"))
    return np.asarray(image.convert("RGB"))


def _narrow(grey: npt.NDArray[np.uint16]) -> UInt8Array:
    """16 to 8 bits over the full range: 0 stays 0, 65535 becomes 255."""
    return (grey >> 8).astype(np.uint8)


def _stretch(grey: npt.NDArray[np.generic]) -> UInt8Array:
    """32-bit values, which have no agreed white, to 0..255.

    The smallest usual range that holds every finite value is taken for the scale: 0..1 (floats only), 0..255,
    0..65535; a picture outside of all three is stretched from its own minimum to its maximum. Infinities
    clip, what is not a number is black.
    """
    low, high = _finite_range(grey)
    whites = (1.0, 255.0, 65535.0) if np.issubdtype(grey.dtype, np.floating) else (255.0, 65535.0)
    white = next((white for white in whites if low >= 0 and high <= white), None)
    floor, span = (0.0, white) if white is not None else (low, (high - low) or 1.0)
    stretched = np.empty(grey.shape, np.uint8)
    for rows in _row_blocks(grey):
        scaled = np.rint((grey[rows].astype(np.float64) - floor) * (255 / span))
        stretched[rows] = np.nan_to_num(np.clip(scaled, 0, 255), nan=0.0)
    return stretched


def _finite_range(grey: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Minimum and maximum without infinities and NaN; 0, 0 if nothing is left."""
    lows, highs = [], []
    for rows in _row_blocks(grey):
        block = grey[rows].astype(np.float64)
        finite = block[np.isfinite(block)]
        if finite.size:
            lows.append(float(finite.min()))
            highs.append(float(finite.max()))
    return min(lows, default=0.0), max(highs, default=0.0)


def _row_blocks(grey: npt.NDArray[np.generic]) -> Iterator[slice]:
    """Slices of rows of about a million pixels: doubles of a whole large picture would fill the memory."""
    step = max(1, 1_000_000 // grey.shape[1])
    return (slice(start, start + step) for start in range(0, grey.shape[0], step))


def _lab_to_rgb(lab: npt.NDArray[np.uint8]) -> UInt8Array:
    """CIELAB as TIFF stores it (a and b signed) through the layout of OpenCV (a and b offset by 128)."""
    offset = lab ^ np.array([0, 128, 128], np.uint8)
    return np.asarray(cv2.cvtColor(offset, cv2.COLOR_LAB2RGB), np.uint8)


def _on_white(image: Image.Image) -> UInt8Array:
    ground = Image.new("RGB", image.size, WHITE)
    ground.paste(image, mask=image.getchannel("A"))
    return np.asarray(ground)


def _grey_to_rgb(grey: UInt8Array) -> UInt8Array:
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
