"""Pictures: bytes of any supported format to upright RGB pixels, within limits."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from visavis.errors import ImageError, ImageTooLarge, UnreadableImage
from visavis.media.colours import UInt8Array, to_rgb
from visavis.media.headers import count_jpeg_scans, declared_size_wh, largest_icon, sniff_media_type

MIB: Final = 1024 * 1024

# Named here so that Pillow never has to look for the plugin of a format while it decodes.
_PLUGINS: Final = {
    "image/jpeg": JpegImagePlugin.JpegImageFile.format,
    "image/png": PngImagePlugin.PngImageFile.format,
    "image/gif": GifImagePlugin.GifImageFile.format,
    "image/bmp": BmpImagePlugin.BmpImageFile.format,
    "image/x-icon": IcoImagePlugin.IcoImageFile.format,
    "image/tiff": TiffImagePlugin.TiffImageFile.format,
    "image/webp": WebPImagePlugin.WebPImageFile.format,
}

# Pillow itself opens nothing above this, whatever our limit says.
PILLOW_MAX_PIXELS: Final = 178_956_970

# A progressive JPEG of a camera has about ten; every further one costs a pass over all pixels.
MAX_JPEG_SCANS: Final = 100

_ORIENTATION_TAG: Final = 0x0112
_TURNS: Final[dict[int, Callable[[UInt8Array], Any]]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: lambda image: cv2.transpose(image),
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.rotate(cv2.transpose(image), cv2.ROTATE_180),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a picture may cost; checked before its pixels are decoded."""

    max_bytes: int = 20 * MIB
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise ValueError("max_bytes must be positive")
        if not 1 <= self.max_pixels <= PILLOW_MAX_PIXELS:
            raise ValueError(f"max_pixels must be between 1 and {PILLOW_MAX_PIXELS}")


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture, upright."""

    image_rgb: UInt8Array  # (H, W, 3), C-contiguous, read-only
    full_size_wh: tuple[int, int]  # upright size of the picture as it was sent
    media_type: str  # as its bytes say, for instance "image/jpeg"

    def __post_init__(self) -> None:
        image = self.image_rgb
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.flags.c_contiguous:
            raise ValueError("a picture is (H, W, 3) uint8, C-contiguous")

    @property
    def size_wh(self) -> tuple[int, int]:
        """Size of ``image_rgb``."""
        return self.image_rgb.shape[1], self.image_rgb.shape[0]

    @property
    def reduction(self) -> float:
        """Pixels of the full picture for one of ``image_rgb``, along the longest side; 1.0 if not reduced."""
        return max(self.full_size_wh) / max(self.size_wh)


def decode_image(data: bytes, *, limits: ImageLimits | None = None, min_longest_side_px: int | None = None) -> Picture:
    """Decode a JPEG, PNG, GIF, BMP, ICO, TIFF or WebP of any colour mode; thread safe.

    The EXIF orientation is applied. Of an animation the first frame counts, of a TIFF the first page, of an
    ICO the largest picture. Transparent parts become white.

    Args:
        data: the whole file.
        limits: on bytes and pixels; the defaults of ImageLimits if None.
        min_longest_side_px: reduce by the largest power of two that leaves the longest side at least this
            long; JPEG is reduced while decoding, which is much faster. None: full size.
    Raises:
        UnreadableImage: no picture of these formats, damaged, or cut short.
        ImageTooLarge: more bytes or pixels than the limits allow.
    """
    limits = ImageLimits() if limits is None else limits
    if not data:
        raise UnreadableImage("The picture is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The picture has more than {limits.max_bytes} bytes.")
    media_type = sniff_media_type(data)
    if media_type is None:
        raise UnreadableImage("The bytes are no picture of a supported format.")
    _quieten_pillow()
    try:
        image_rgb, full_size_wh = _decode(data, media_type, limits, min_longest_side_px)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise _too_many_pixels(limits) from error
    except Exception as error:  # a hostile file makes Pillow raise nearly every kind there is
        raise UnreadableImage("The picture is damaged or incomplete.") from error
    image_rgb.flags.writeable = False
    return Picture(image_rgb, full_size_wh, media_type)


def _decode(
    data: bytes, media_type: str, limits: ImageLimits, min_longest_side_px: int | None
) -> tuple[UInt8Array, tuple[int, int]]:
    declared = declared_size_wh(data, media_type)
    if media_type == "image/x-icon":
        icon = largest_icon(data)
        if icon is None:
            raise UnreadableImage("The icon file holds no picture.")
        data, declared = icon.as_file(), icon.size_wh
        media_type = "image/png" if icon.is_png else media_type
    if declared is not None:
        _check_size(declared, limits)
    stream = io.BytesIO(data)
    with Image.open(stream, formats=[_PLUGINS[media_type]]) as image:
        full_wh = image.size
        _check_size(full_wh, limits)
        reduction = 1 if min_longest_side_px is None else _power_of_two(max(full_wh), min_longest_side_px)
        target_wh = -(-full_wh[0] // reduction), -(-full_wh[1] // reduction)
        if media_type == "image/jpeg":
            if count_jpeg_scans(data, stream.tell()) > MAX_JPEG_SCANS:
                raise UnreadableImage(f"The JPEG has more than {MAX_JPEG_SCANS} scans.")
            image.draft(None, (max(1, full_wh[0] // reduction), max(1, full_wh[1] // reduction)))
        image.load()
        _check_size(image.size, limits)  # what a header promised and what was inside may differ
        image_rgb = to_rgb(image)
        orientation = _orientation(image)
    if reduction > 1 and image_rgb.shape[1::-1] != target_wh:
        image_rgb = np.asarray(cv2.resize(image_rgb, target_wh, interpolation=cv2.INTER_AREA), np.uint8)
    if turn := _TURNS.get(orientation):
        image_rgb = np.ascontiguousarray(turn(image_rgb))
    return image_rgb, full_wh[::-1] if orientation >= 5 else full_wh


def _check_size(size_wh: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size_wh
    if width < 1 or height < 1:
        raise UnreadableImage("The picture has no pixels.")
    if width * height > limits.max_pixels:
        raise _too_many_pixels(limits)


def _too_many_pixels(limits: ImageLimits) -> ImageTooLarge:
    return ImageTooLarge(f"The picture has more than {limits.max_pixels} pixels.")


def _power_of_two(longest_side_px: int, min_longest_side_px: int) -> int:
    reduction = 1
    while longest_side_px >= 2 * reduction * max(1, min_longest_side_px):
        reduction *= 2
    return reduction


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 (upright) to 8; damaged metadata do not spoil a good picture: 1."""
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:
        return 1
    return orientation if orientation in _TURNS else 1


_PILLOW_IS_QUIET: Final = ("ignore", None, Warning, re.compile(r"PIL\."), 0)


def _quieten_pillow() -> None:
    """Drop Pillow's warnings on odd files: to a server they are a client's business.

    Not ``warnings.catch_warnings``: it swaps global state and restores it, which two threads do in the
    wrong order.
    """
    if _PILLOW_IS_QUIET not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")
