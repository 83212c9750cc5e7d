"""Addresses of videos: one that was uploaded, or one on the web."""

from __future__ import annotations

from uuid import UUID

from visavis.dialects.cloudglue.schemas import web_address
from visavis.errors import InvalidRequest

UPLOADED = "cloudglue://files/"


def uri_of(file_id: UUID) -> str:
    """How a file is named in other requests."""
    return f"{UPLOADED}{file_id}"


def video_from_wire(address: str, field: str) -> UUID | str:
    """The id of a file of ours, or a web address as it stands.

    Raises:
        InvalidRequest: it is neither.
    """
    if address.startswith("cloudglue:"):
        try:
            return UUID(address.removeprefix(UPLOADED))
        except ValueError as error:
            raise InvalidRequest(f"{field}: an uploaded file is {UPLOADED}<id>, its uri.") from error
    try:
        return web_address(address)
    except ValueError as error:
        raise InvalidRequest(
            f"{field}: must be the uri of an uploaded file ({UPLOADED}<id>) or an http or https address."
        ) from error
