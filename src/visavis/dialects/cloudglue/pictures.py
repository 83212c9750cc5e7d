"""The picture of the person that is looked for."""

from __future__ import annotations

import base64
import binascii

import anyio.to_thread

from visavis.errors import InvalidRequest
from visavis.media.headers import sniff_media_type
from visavis.videos.intake import SourcePicture, checked_source

_ACCEPTED = ("image/jpeg", "image/png")


async def picture_from_wire(url: str | None, encoded: str | None, *, encoded_field: str) -> SourcePicture:
    """A picture by its address, or as base64, which counts where there is both.

    Args:
        encoded_field: what the latter is called, for the message.
    Raises:
        InvalidRequest: there is neither, or the bytes are no JPEG or PNG file that can be read.
    """
    if encoded is not None:
        data = await anyio.to_thread.run_sync(_decoded, encoded, encoded_field)
        return await checked_source(data)
    if url is None:
        raise InvalidRequest(f"source_image: must have either url or {encoded_field}.")
    return SourcePicture(url=url)


def _decoded(encoded: str, field: str) -> bytes:
    """Base64, plain or as a ``data:`` URL; with or without line breaks and padding."""
    told = f"source_image.{field}"
    if encoded.startswith("data:"):
        encoded = encoded.partition(",")[2]
    try:
        packed = b"".join(encoded.encode("ascii").split()).rstrip(b"=")
        data = base64.b64decode(packed + b"=" * (-len(packed) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidRequest(f"{told}: is no base64.") from error
    if sniff_media_type(data) not in _ACCEPTED:
        raise InvalidRequest(f"{told}: must be a JPEG or PNG picture.")
    return data
