"""The console as a part of the web app: its pages, for those who have signed in."""

# No `from __future__ import annotations` here: the guard is made at run time, and FastAPI reads annotations.

from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI
from nicegui import app as pages
from nicegui import ui

from visavis.console import failures
from visavis.console.access import PATH, Access, Visit
from visavis.console.headers import PageHeaders
from visavis.console.piece_page import PiecePage
from visavis.console.sign_in import sign_in_router
from visavis.console.work_page import WorkPage
from visavis.errors import NotFound
from visavis.jobs.queue import Queue
from visavis.store import listed_work
from visavis.store.database import Database
from visavis.store.listed_work import ListedWork

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#1f5fa8" stroke-width="3">'
    '<circle cx="11" cy="16" r="8"/><circle cx="21" cy="16" r="8"/></g></svg>'
)


def mount_console(app: FastAPI, *, database: Database, queue: Queue, public_url: str | None) -> None:
    """Put the console below its path. There is one in a process: NiceGUI keeps its pages in the module."""
    access = Access(database)
    Visitor = Annotated[Visit, Depends(access.visit)]  # noqa: N806 - a type

    async def work_of(work_id: str, visit: Visitor) -> ListedWork:
        try:
            known = UUID(work_id)
        except ValueError:
            known = None
        async with database.transaction() as db:
            found = None if known is None else await listed_work.find(db, known, organization=visit.user.organization)
        if found is None:
            raise NotFound(f"There is no work with the id {work_id[:64]}.")
        return found

    @ui.page("/")
    async def work(visit: Visitor, unfinished: bool = False, organization: str | None = None) -> None:
        """Everything that clients have asked for."""
        await WorkPage(database, queue, visit, unfinished=unfinished, organization=organization).build()

    @ui.page("/work/{work_id:path}")
    async def piece(visit: Visitor, found: Annotated[ListedWork, Depends(work_of)]) -> None:
        """One piece of work."""
        await PiecePage(database, visit, found).build()

    failures.install(pages)
    pages.add_middleware(PageHeaders)
    app.include_router(sign_in_router(database, public_url=public_url))
    ui.run_with(
        app,
        mount_path=PATH,
        title="Visavis",
        favicon=_ICON,
        dark=None,
        tailwind=False,
        show_welcome_message=False,
    )
