"""Who asks, and may they?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from visavis.accounts.applications import authenticate
from visavis.accounts.tokens import TokenSigner, bearer_token
from visavis.errors import NotPermitted
from visavis.records import Application
from visavis.store.database import Database

Guard = Callable[[Request], Awaitable[Application]]


def guard(database: Database, signer: TokenSigner, scope: str) -> Guard:
    """A dependency that gives the application behind a request's bearer token, if the token has the scope.

    It runs before the body is read, so that a stranger's 64 MiB cost nothing.
    """

    async def require(request: Request) -> Application:
        token = bearer_token(request.headers.get("authorization"))
        async with database.transaction() as db:
            application, granted = await authenticate(db, signer, token)
        if scope not in granted:
            raise NotPermitted(f"The token lacks the scope {scope}.")
        return application

    return require
