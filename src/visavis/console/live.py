"""Pages that keep themselves up to date."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from visavis.accounts.users import user_of_session
from visavis.console.access import Visit
from visavis.console.failures import DATABASE_AWAY, NO_DATABASE
from visavis.errors import NotAuthenticated
from visavis.records import User
from visavis.store.database import Database, Transaction

EVERY_S = 2.0

Show = Callable[[Transaction, User], Awaitable[None]]


class Live:
    """Shows what is so now, again and again while the page is open.

    Whose session has ended meanwhile is shown nothing more. Made within a page; the place where it is made is that of
    the notice that the database is away.
    """

    def __init__(self, database: Database, visit: Visit, show: Show) -> None:
        self._database = database
        self._visit = visit
        self._show = show
        self._notice = ui.label(NO_DATABASE).classes("text-negative")
        self._notice.set_visibility(False)
        ui.timer(EVERY_S, self.refresh, immediate=False)

    async def refresh(self) -> None:
        """Show it now."""
        try:
            async with self._database.transaction() as db:
                await self._show(db, await user_of_session(db, self._visit.token))
        except NotAuthenticated:
            ui.navigate.reload()  # by way of the form, back to this page
            return
        except DATABASE_AWAY:
            self._notice.set_visibility(True)
            return
        self._notice.set_visibility(False)
