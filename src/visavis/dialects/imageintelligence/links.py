"""Addresses of pictures as clients see them."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.accounts.media_links import MediaLinks
from visavis.records import Face

CROP_TTL_S = 15 * 60

# Addresses of pictures change once an hour, not at every look.
_STEP_S = 3600


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses for one request; ``base_url`` is where the client found us, with no slash at its end."""

    media: MediaLinks
    base_url: str
    ttl_seconds: int

    def proxy_url(self, blob_key: str | None) -> str | None:
        """Our copy of a picture; None while there is none."""
        if blob_key is None:
            return None
        step_seconds = min(_STEP_S, self.ttl_seconds)
        return self.base_url + self.media.make(
            f"pictures/{blob_key}", ttl_seconds=self.ttl_seconds, step_seconds=step_seconds
        )

    def picture_url(self, source_url: str | None, blob_key: str | None) -> str:
        """The address the client sent; for a picture sent as bytes, that of our copy."""
        return source_url or self.proxy_url(blob_key) or ""

    def crop_url(self, face: Face) -> str:
        """The crop of a face."""
        return self.base_url + self.media.make(f"faces/{face.namespace_id}/{face.id}", ttl_seconds=CROP_TTL_S)
