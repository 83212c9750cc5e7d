"""How a stored picture of a video is to be shown: turned, mirrored, its pixels made square."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from av import VideoFrame
from av.sidedata.sidedata import Type as SideDataType

UInt8Array = npt.NDArray[np.uint8]

# Beyond this, a pixel's shape is a mistake or an attempt to make us allocate a screen a mile wide.
_MOST_UNEQUAL_PIXEL: Final = 8


@dataclass(frozen=True, slots=True)
class Display:
    """What turns a stored picture into the one a player shows: first the transposition, then the flips."""

    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False
    pixel_aspect: Fraction = Fraction(1)  # width of a stored pixel over its height

    @classmethod
    def of(cls, frame: VideoFrame, pixel_aspect: Fraction | None) -> Display:
        """The display of a decoded picture; a display matrix that is no multiple of 90 degrees is rounded to one."""
        if not pixel_aspect or not 1 / _MOST_UNEQUAL_PIXEL <= pixel_aspect <= _MOST_UNEQUAL_PIXEL:
            pixel_aspect = Fraction(1)
        side_data: Any = frame.side_data  # PyAV's types for it are wrong
        try:
            matrix = bytes(side_data[SideDataType.DISPLAYMATRIX])
        except KeyError:
            return cls(pixel_aspect=pixel_aspect)
        # x' = a x + c y, y' = b x + d y, with y down. Source: ISO/IEC 14496-12, section 6.2.2
        a, b, _, c, d, *_ = struct.unpack("=9i", matrix)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0, pixel_aspect)
        return cls(False, a < 0, d < 0, pixel_aspect)

    def upright_size_wh(self, stored_wh: tuple[int, int]) -> tuple[int, int]:
        """The size at which a stored picture is shown; no row and no column of it is lost."""
        width, height = stored_wh
        if self.pixel_aspect > 1:
            width = round(width * self.pixel_aspect)
        else:
            height = round(height / self.pixel_aspect)
        return (height, width) if self.transposed else (width, height)

    def stored_size_wh(self, upright_wh: tuple[int, int]) -> tuple[int, int]:
        """The size of the picture, its pixels square, that ``upright`` turns into one of ``upright_wh``."""
        return upright_wh[::-1] if self.transposed else upright_wh

    def upright(self, image: UInt8Array) -> UInt8Array:
        """(H, W, 3) as stored, its pixels square, to (H, W, 3) or (W, H, 3) as shown; C-contiguous."""
        image = image.transpose(1, 0, 2) if self.transposed else image
        image = image[:, ::-1] if self.flipped_x else image
        return np.ascontiguousarray(image[::-1] if self.flipped_y else image)
