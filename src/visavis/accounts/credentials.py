"""Credentials: made at random, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a new application is given. Nobody can read it from the database again."""

    client_id: str
    client_secret: str
    api_key: str
    subscription_key: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, ...)"


def make_credentials() -> Credentials:
    """Fresh credentials with 256 random bits in each secret."""
    return Credentials(
        client_id=str(uuid4()),
        client_secret=secrets.token_urlsafe(32),
        api_key=secrets.token_urlsafe(32),
        subscription_key=secrets.token_hex(32),
    )


def hash_secret(secret: str) -> bytes:
    """The form in which a secret is stored.

    A plain SHA-256: the secrets are 192 random bits at least, so a slow hash would protect nothing that can be guessed.
    """
    return hashlib.sha256(secret.encode("utf-8", errors="surrogatepass")).digest()


def secret_fits(secret: str, stored: bytes) -> bool:
    """Whether a secret is the stored one, in a time that does not tell how much of it is right."""
    return hmac.compare_digest(hash_secret(secret), stored)
