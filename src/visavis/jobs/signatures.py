"""The headers of a delivery: what it is, and proof that it comes from us."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook as StandardWebhook

_STANDARD_PREFIX = "whsec_"


def delivery_headers(delivery_id: UUID, body: bytes, secret_key: str | None, *, at: datetime) -> dict[str, str]:
    """The headers of one attempt.

    Args:
        body: UTF-8, as it is sent.
        secret_key: of the application; without one nothing is signed.
        at: when the attempt is made, with a time zone.
    """
    headers = _standard_headers(delivery_id, body, secret_key, at)
    if secret_key:
        digest = hmac.new(secret_key.encode(), body, hashlib.sha256).hexdigest()
        # The vendor's manual names one header, its sample code reads the other.
        headers["X-Niro-Signature"] = headers["X-II-Signature"] = f"sha256={digest}"
    return headers


def file_delivery_headers(delivery_id: UUID, body: bytes, secret: str, *, at: datetime) -> dict[str, str]:
    """The headers of one attempt to tell of a file: the secret itself, as this vendor's receivers expect it, and proof.

    Args:
        body, at: as for ``delivery_headers``.
    """
    headers = _standard_headers(delivery_id, body, secret, at)
    headers["X-Cloudglue-Webhook-Secret"] = secret
    return headers


def _standard_headers(delivery_id: UUID, body: bytes, secret_key: str | None, at: datetime) -> dict[str, str]:
    at = at.astimezone(UTC)  # the library takes whatever zone it is given for UTC
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "visavis",
        "webhook-id": str(delivery_id),
        "webhook-timestamp": str(int(at.timestamp())),
    }
    if secret_key:
        signer = StandardWebhook(standard_key(secret_key))
        headers["webhook-signature"] = signer.sign(str(delivery_id), at, body.decode())
    return headers


def standard_key(secret_key: str) -> bytes:
    """The bytes that sign the Standard Webhooks way: what stands behind ``whsec_`` in base64, else the key itself."""
    encoded = secret_key.removeprefix(_STANDARD_PREFIX)
    if encoded != secret_key:
        try:
            # The library takes base64 without its padding too.
            decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except (binascii.Error, ValueError):
            decoded = b""
        if decoded:
            return decoded
    return secret_key.encode()
