"""Who asks: an API key as a bearer token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from visavis.accounts.applications import holder_of_api_key
from visavis.accounts.tokens import bearer_token
from visavis.errors import NotPermitted
from visavis.records import Application
from visavis.store.database import Database

Guard = Callable[[Request], Awaitable[Application]]


def guard(database: Database, scope: str) -> Guard:
    """A dependency that gives the application behind a request, if it may do this.

    It runs before the body is read, so that a stranger's video costs nothing.
    """

    async def require(request: Request) -> Application:
        key = bearer_token(request.headers.get("authorization"))
        async with database.transaction() as db:
            application = await holder_of_api_key(db, key)
        if scope not in application.scopes:
            raise NotPermitted(f"The application lacks the scope {scope}.")
        return application

    return require
