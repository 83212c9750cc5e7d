"""Applications: made with fresh credentials, signed in, checked at every request, revoked."""

from __future__ import annotations

import secrets

from visavis.accounts.credentials import Credentials, hash_secret, make_credentials, secret_fits
from visavis.accounts.scopes import ALL_SCOPES
from visavis.accounts.tokens import TokenSigner
from visavis.errors import InvalidRequest, NotAuthenticated
from visavis.records import Application
from visavis.store import applications
from visavis.store.database import Transaction

MAX_NAME = 128

# A wrong client id must take as long as a wrong secret.
_NO_SECRET = hash_secret(secrets.token_urlsafe(32))


async def create_application(
    db: Transaction, *, organization: str, name: str, scopes: list[str] | None = None
) -> tuple[Application, Credentials]:
    """Make an application and its credentials, which are shown this one time.

    Raises:
        InvalidRequest: a name is empty, too long or taken, or a scope is unknown.
    """
    for what, value in (("organisation", organization), ("application", name)):
        if not value.strip() or len(value) > MAX_NAME or not value.isprintable():
            raise InvalidRequest(f"The {what}'s name must have 1 to {MAX_NAME} printable characters.")
    wanted = list(ALL_SCOPES) if scopes is None else scopes
    unknown = sorted(set(wanted) - set(ALL_SCOPES))
    if unknown:
        raise InvalidRequest(f"Unknown scope {unknown[0]}; there are: {', '.join(ALL_SCOPES)}.")
    credentials = make_credentials()
    application_id = await applications.add(
        db,
        organization=organization,
        name=name,
        client_id=credentials.client_id,
        client_secret_hash=hash_secret(credentials.client_secret),
        api_key_hash=hash_secret(credentials.api_key),
        subscription_key_hash=hash_secret(credentials.subscription_key),
        scopes=wanted,
    )
    application = await applications.get(db, application_id)
    if application is None:
        raise RuntimeError("the application that was just made is not there")
    return application, credentials


async def sign_in(db: Transaction, client_id: str, client_secret: str) -> Application:
    """The application that a client id and secret belong to.

    Raises:
        NotAuthenticated: the id is unknown or the secret wrong; the message does not say which.
    """
    found = await applications.secret_of(db, client_id)
    application_id, stored = found if found is not None else (None, _NO_SECRET)
    if secret_fits(client_secret, bytes(stored)) and application_id is not None:
        application = await applications.get(db, application_id)
        if application is not None:
            return application
    raise NotAuthenticated("The client id or the client secret is wrong.")


async def authenticate(db: Transaction, signer: TokenSigner, token: str) -> tuple[Application, frozenset[str]]:
    """The application that a token belongs to, and the scopes the token carries.

    The row is looked up each time, so that a revoked application is out at once.

    Raises:
        NotAuthenticated: the token is not valid, or its application was revoked.
    """
    claims = signer.read(token)
    application = await applications.get(db, claims.application_id)
    if application is None or application.revoked_at is not None:
        raise NotAuthenticated("The access token is not valid, or no longer.")
    return application, claims.scopes


async def holder_of_key(db: Transaction, subscription_key: str) -> Application:
    """The application that a subscription key belongs to.

    Raises:
        NotAuthenticated: the key is unknown, or its application was revoked.
    """
    application = await applications.by_subscription_key(db, hash_secret(subscription_key))
    if application is None:
        raise NotAuthenticated("The subscription key is not valid, or no longer.")
    return application


async def holder_of_api_key(db: Transaction, api_key: str) -> Application:
    """The application that an API key belongs to.

    Raises:
        NotAuthenticated: the key is unknown, or its application was revoked.
    """
    application = await applications.by_api_key(db, hash_secret(api_key))
    if application is None:
        raise NotAuthenticated("The API key is not valid, or no longer.")
    return application


async def signing_key(db: Transaction, purpose: str) -> bytes:
    """The secret with which this installation signs for a purpose; made at random on first use."""
    return await applications.signing_key(db, purpose=purpose, fresh=secrets.token_bytes(32))
