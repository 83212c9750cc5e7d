"""Signed addresses of stored pictures: they open without a token, for a while."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from functools import lru_cache
from urllib.parse import parse_qs, quote, unquote, urlsplit

from itsdangerous import Signer

from visavis.errors import NotPermitted

PATH_PREFIX = "/media/"


class MediaLinks:
    """Makes and checks addresses ``/media/<resource>?expires=<seconds>&signature=<...>``.

    ``secret`` is shared by all servers. What a resource is, only the caller knows; it is a path without line breaks.
    """

    def __init__(self, secret: bytes) -> None:
        self._signer = Signer(secret, salt="media", digest_method=hashlib.sha256, key_derivation="hmac")
        # What get_signature() does, without deriving the key anew each time, which takes longer than to sign.
        self._keyed = hmac.new(self._signer.derive_key(), digestmod=hashlib.sha256)
        # A client that polls a job is told the same addresses again and again.
        self._path = lru_cache(maxsize=8192)(self._signed_path)

    def make(self, resource: str, *, ttl_seconds: int, step_seconds: int = 1) -> str:
        """The path of a resource, good for ``ttl_seconds`` from now.

        Args:
            step_seconds: the end is put off to the next multiple of it, so that the address stays the same
                meanwhile and browsers may keep the picture.
        """
        expires = -(-(int(time.time()) + ttl_seconds) // step_seconds) * step_seconds
        return self._path(resource, expires)

    def check(self, resource: str, expires: str, signature: str) -> None:
        """Whether an address was made here and is still good.

        Raises:
            NotPermitted: it was altered, or its time is over.
        """
        if not self._signer.verify_signature(_signed_text(resource, expires), signature.encode()):
            raise NotPermitted("The address is not one that this server signed.")
        if time.time() >= int(expires):
            raise NotPermitted("The address has expired; ask for the resource again.")

    def resource_of(self, url: str, base_url: str) -> str | None:
        """The resource that an address of ours stands for; None when the address is not one below ``base_url``.

        Raises:
            NotPermitted: it was altered, or its time is over.
        """
        if not url.startswith(base_url + PATH_PREFIX):
            return None
        parts = urlsplit(url)
        resource = unquote(parts.path[len(urlsplit(base_url).path) + len(PATH_PREFIX) :])
        query = parse_qs(parts.query)
        self.check(resource, query.get("expires", [""])[-1], query.get("signature", [""])[-1])
        return resource

    def _signed_path(self, resource: str, expires: int) -> str:
        keyed = self._keyed.copy()
        keyed.update(_signed_text(resource, str(expires)))
        signature = urlsafe_b64encode(keyed.digest()).rstrip(b"=").decode("ascii")
        return f"{PATH_PREFIX}{quote(resource)}?expires={expires}&signature={signature}"


def _signed_text(resource: str, expires: str) -> bytes:
    # A line break cannot be part of a resource, so no two pairs give one text.
    return f"{resource}\n{expires}".encode()
