"""Signed addresses of stored pictures: they open without a token, for a while."""

from __future__ import annotations

import time

from itsdangerous import BadData, URLSafeSerializer

from visavis.errors import NotPermitted

PATH_PREFIX = "/media/"


class MediaLinks:
    """Makes and reads the last part of ``/media/<link>``. ``secret`` is shared by all servers."""

    def __init__(self, secret: bytes) -> None:
        self._serializer = URLSafeSerializer(secret, salt="media")

    def make(self, blob_key: str, *, ttl_seconds: int) -> str:
        """The path of a blob, good for ``ttl_seconds`` from now."""
        link = self._serializer.dumps([blob_key, int(time.time()) + ttl_seconds])
        return PATH_PREFIX + str(link)

    def read(self, link: str) -> str:
        """The blob key of a link.

        Raises:
            NotPermitted: the link was altered, or its time is over.
        """
        try:
            blob_key, expires_at = self._serializer.loads(link)
            expired = time.time() >= expires_at
        except (BadData, ValueError, TypeError) as error:
            raise NotPermitted("The address is not one that this server signed.") from error
        if expired:
            raise NotPermitted("The address has expired; ask for the resource again.")
        return str(blob_key)
