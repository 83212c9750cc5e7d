"""Who asks: a bearer token and a subscription key, which must belong together; then which version is meant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from visavis.accounts.applications import authenticate, holder_of_key
from visavis.accounts.tokens import TokenSigner, bearer_token
from visavis.dialects.streamline.errors import InvalidFields
from visavis.errors import NotAuthenticated, NotPermitted
from visavis.records import Application
from visavis.store.database import Database

Guard = Callable[[Request], Awaitable[Application]]

KEY_HEADER = "Ocp-Apim-Subscription-Key"
_KEY_NAMES = ("subscription-key", KEY_HEADER.lower())
_VERSION_NAMES = ("v", "api-version")
_VERSIONS = ("2.0", "2")


def guard(database: Database, signer: TokenSigner, scope: str) -> Guard:
    """A dependency that gives the application behind a request, if it may do this and asks for a version we have.

    It runs before the body is read.
    """

    async def require(request: Request) -> Application:
        token = bearer_token(request.headers.get("authorization"))
        key = request.headers.get(KEY_HEADER) or _query(request, *_KEY_NAMES)
        if not key:
            raise NotAuthenticated(f"A subscription key is required, in the header {KEY_HEADER}.")
        async with database.transaction() as db:
            application, granted = await authenticate(db, signer, token)
            holder = await holder_of_key(db, key)
        if holder.id != application.id:
            raise NotPermitted("The access token and the subscription key do not belong together.")
        if scope not in granted:
            raise NotPermitted(f"The token lacks the scope {scope}.")
        version = _query(request, *_VERSION_NAMES)
        if version not in _VERSIONS:
            wrong = "is required" if version is None else f"{version[:16]!r} is no version of this API"
            raise InvalidFields({"v": [f"{wrong}; the version is 2.0."]})
        return application

    return require


def _query(request: Request, *names: str) -> str | None:
    """The value of the first of some parameters that is there, whatever case its name is in."""
    given = {name.lower(): value for name, value in reversed(request.query_params.multi_items())}
    return next((given[name] for name in names if name in given), None)
