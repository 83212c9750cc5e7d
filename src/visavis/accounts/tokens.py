"""Access tokens: signed, short-lived, carrying the application's id and its scopes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from visavis.errors import NotAuthenticated

_ALGORITHM = "HS256"
_ISSUER = "visavis"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as handed out. Times are milliseconds since 1970."""

    value: str
    issued_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    application_id: UUID
    scopes: frozenset[str]


class TokenSigner:
    """Makes and reads tokens. ``secret`` is shared by all servers of one installation."""

    def __init__(self, secret: bytes, *, ttl_seconds: int) -> None:
        self._key = OctKey.import_key(secret)
        self._ttl_seconds = ttl_seconds
        self._registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": _ISSUER},
            sub={"essential": True},
            exp={"essential": True},
        )

    def issue(self, application_id: UUID, scopes: list[str]) -> AccessToken:
        """A fresh token; earlier ones stay valid."""
        issued_at = int(time.time())
        expires_at = issued_at + self._ttl_seconds
        claims = {
            "iss": _ISSUER,
            "sub": str(application_id),
            "scope": " ".join(scopes),
            "iat": issued_at,
            "exp": expires_at,
        }
        value = jwt.encode({"alg": _ALGORITHM}, claims, self._key, algorithms=[_ALGORITHM])
        return AccessToken(value, issued_at * 1000, expires_at * 1000)

    def read(self, value: str) -> Claims:
        """The claims of a token.

        Raises:
            NotAuthenticated: the token is garbage, altered, expired or another issuer's.
        """
        try:
            claims = jwt.decode(value, self._key, algorithms=[_ALGORITHM]).claims
            self._registry.validate(claims)
            return Claims(UUID(claims["sub"]), frozenset(str(claims.get("scope", "")).split()))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise NotAuthenticated("The access token is not valid, or no longer.") from error


def bearer_token(authorization: str | None) -> str:
    """The token in an ``Authorization`` header.

    Raises:
        NotAuthenticated: there is none.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("An Authorization header with a bearer token is required.")
    return token.strip()
