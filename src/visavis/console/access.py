"""Who may see a page: the session that a request's cookie is of."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from visavis.accounts.users import user_of_session
from visavis.records import User
from visavis.store.database import Database

PATH = "/console"
SIGN_IN_PATH = f"{PATH}/sign-in"
COOKIE = "visavis_console"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who has signed in, with the token of the session: a page may be open for longer than that lasts."""

    user: User
    token: str


class Access:
    """Lets those in who have signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def visit(self, request: Request) -> Visit:
        """The visitor of a page, for FastAPI to ask for before it is built.

        Raises:
            NotAuthenticated: nobody has signed in.
        """
        token = request.cookies.get(COOKIE, "")
        async with self._database.transaction() as db:
            return Visit(await user_of_session(db, token), token)
