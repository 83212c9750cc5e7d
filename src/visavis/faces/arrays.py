"""Array types, and the checks made where arrays enter this room."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IndexArray = npt.NDArray[np.intp]


def check_image(image_rgb: Any) -> UInt8Array:
    """Refuse what is no picture: (H, W, 3) uint8 with at least one pixel.

    Raises:
        ValueError: another type, dtype or shape; the message says which.
    """
    if not isinstance(image_rgb, np.ndarray):
        raise ValueError(f"a picture is a numpy array (H, W, 3) of uint8, not {type(image_rgb).__name__}")
    if image_rgb.dtype != np.uint8:
        raise ValueError(f"a picture is uint8 RGB in 0..255, not {image_rgb.dtype}")
    if image_rgb.ndim != 3 or image_rgb.shape[2] != 3 or 0 in image_rgb.shape:
        raise ValueError(f"a picture has the shape (H, W, 3), not {image_rgb.shape}")
    return image_rgb


def check_rows(name: str, array: Any, row_shape: tuple[int, ...], rows: int | None = None) -> FloatArray:
    """Return ``array`` as float32 of shape (rows, *row_shape), or raise ValueError that names it."""
    checked = np.asarray(array, dtype=np.float32)
    if checked.shape[1:] != row_shape or checked.ndim != len(row_shape) + 1:
        raise ValueError(f"{name} has the shape (N, {', '.join(map(str, row_shape))}), not {checked.shape}")
    if rows is not None and len(checked) != rows:
        raise ValueError(f"{name} has {len(checked)} rows, the boxes have {rows}")
    return checked
