"""What the first bytes of a picture file say, read before any library touches it."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (PNG_SIGNATURE, "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),  # BigTIFF
    (b"MM\x00+", "image/tiff"),
)

_SCAN_OR_END = re.compile(rb"\xff([\xd9\xda])")


def sniff_media_type(data: bytes) -> str | None:
    """The media type that the magic number claims, or None for anything but the seven formats we decode."""
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def declared_size_wh(data: bytes, media_type: str) -> tuple[int, int] | None:
    """Width and height where the opening of a file already allocates them (GIF, WebP); None for the others.

    Pillow opens these two with buffers as large as the header claims, so that a limit that is
    checked after opening comes too late.
    """
    if media_type == "image/gif" and len(data) >= 10:
        width, height = struct.unpack_from("<HH", data, 6)
        return width, height
    if media_type == "image/webp" and len(data) >= 30:
        return _webp_size_wh(data)
    return None


def _webp_size_wh(data: bytes) -> tuple[int, int] | None:
    """Canvas of a WebP file of any of its three kinds. Source: RFC 9649, sections 2.5 to 2.7."""
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def count_jpeg_scans(data: bytes, start: int) -> int:
    """Number of scans from ``start``, which lies inside the first one, up to the end marker.

    Entropy-coded bytes never contain FF followed by anything but 00 or a restart marker, so a plain
    search is right except for chance hits in the short tables between scans.
    """
    scans = 1
    for marker in _SCAN_OR_END.finditer(data, start):
        if marker[1] == b"\xd9":
            break
        scans += 1
    return scans


@dataclass(frozen=True, slots=True)
class Icon:
    """One picture of an ICO file; ``payload`` is a whole PNG file, or a bitmap without its file header."""

    size_wh: tuple[int, int]
    bits: int
    payload: bytes

    @property
    def is_png(self) -> bool:
        return self.payload.startswith(PNG_SIGNATURE)

    def as_file(self) -> bytes:
        """A file of its own: PNG as it is, a bitmap as an ICO of this one picture."""
        if self.is_png:
            return self.payload
        width, height = self.size_wh
        entry = struct.pack("<4B2H2I", width % 256, height % 256, 0, 0, 1, self.bits, len(self.payload), 22)
        return struct.pack("<3H", 0, 1, 1) + entry + self.payload


def largest_icon(data: bytes) -> Icon | None:
    """The ICO picture with the most pixels, then the most bits a pixel; None if no entry makes sense.

    The sizes are those of the pictures themselves: the directory has one byte for each and may say anything.
    """
    if len(data) < 6:
        return None
    count = int.from_bytes(data[4:6], "little")
    icons = (_icon_at(data, 6 + 16 * index) for index in range(count) if 22 + 16 * index <= len(data))
    return max(
        (icon for icon in icons if icon is not None),
        key=lambda icon: (icon.size_wh[0] * icon.size_wh[1], icon.bits),
        default=None,
    )


def _icon_at(data: bytes, entry: int) -> Icon | None:
    bits, length, offset = struct.unpack_from("<HII", data, entry + 6)
    payload = data[offset : offset + length]
    if len(payload) < 40 or len(payload) < length:
        return None
    if payload.startswith(PNG_SIGNATURE):
        return Icon(struct.unpack_from(">II", payload, 16), bits, payload)
    width, doubled = struct.unpack_from("<ii", payload, 4)  # the height counts the colours and the mask
    if width <= 0 or doubled < 2:
        return None
    return Icon((width, doubled // 2), bits or int.from_bytes(payload[14:16], "little"), payload)
