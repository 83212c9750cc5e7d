"""Addresses of pictures as clients see them."""

from __future__ import annotations

from dataclasses import dataclass

from visavis.accounts.media_links import MediaLinks

CROP_TTL_S = 15 * 60


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses for one request; ``base_url`` is where the client found us, without a slash at its end."""

    media: MediaLinks
    base_url: str
    ttl_seconds: int

    def proxy_url(self, blob_key: str | None) -> str | None:
        """Our copy of a picture; None while there is none."""
        if blob_key is None:
            return None
        return self.base_url + self.media.make(blob_key, ttl_seconds=self.ttl_seconds)

    def picture_url(self, source_url: str | None, blob_key: str | None) -> str:
        """The address the client sent; for a picture sent as bytes, that of our copy."""
        return source_url or self.proxy_url(blob_key) or ""

    def crop_url(self, crop_key: str) -> str:
        """The crop of a face."""
        return self.base_url + self.media.make(crop_key, ttl_seconds=CROP_TTL_S)
