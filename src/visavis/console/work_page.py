"""The first page: everything that clients have asked for, the newest on top, as it goes on."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from nicegui import ui

from visavis.console.access import PATH, Visit
from visavis.console.frame import frame
from visavis.console.live import Live
from visavis.console.work_table import WorkTable
from visavis.jobs.queue import Queue
from visavis.records import User
from visavis.store import deliveries, listed_work, organizations
from visavis.store.database import Database, Transaction

PAGE = 50
MOST = 500

_EVERYONE, _EVERY = "", "Every organisation"


class WorkPage:
    """Builds the page for one visitor. ``organization``: of one only, for those who see them all."""

    def __init__(
        self, database: Database, queue: Queue, visit: Visit, *, unfinished: bool, organization: str | None
    ) -> None:
        self._database = database
        self._queue = queue
        self._visit = visit
        self._unfinished = unfinished
        self._organization = organization or _EVERYONE
        self._limit = PAGE

    async def build(self) -> None:
        """Make the page, with what is so now."""
        sees_all = self._visit.user.organization is None
        with frame(self._visit.user, "Work"):
            with ui.row().classes("full-width").style("align-items: center"):
                ui.label("Work").classes("text-h5")
                ui.space()
                self._waiting = ui.label()
            with ui.row().classes("full-width").style("align-items: center"):
                ui.toggle({False: "All", True: "Unfinished"}, value=self._unfinished, on_change=self._filter)
                if sees_all:
                    self._owners = ui.select({_EVERYONE: _EVERY}, value=_EVERYONE, on_change=self._choose).props(
                        "outlined dense aria-label=Organisation"
                    )
                ui.space()
                wanted = ui.input(placeholder="Find by id").props("outlined dense clearable").style("width: 22rem")
                wanted.on("keydown.enter", lambda: self._find(wanted.value))
            self._live = Live(self._database, self._visit, self._show)
            self._table = WorkTable(with_organization=sees_all, nothing="Nothing has been asked for.")
            self._more = ui.button("Show more", on_click=self._show_more).props("flat")
            await self._live.refresh()

    async def _show(self, db: Transaction, user: User) -> None:
        if user.organization is None:
            await self._show_owners(db)
        found = await listed_work.list_newest(
            db,
            organization=user.organization or self._organization or None,
            unfinished=self._unfinished,
            limit=self._limit,
        )
        self._table.show(found)
        self._more.set_visibility(len(found) == self._limit and self._limit < MOST)

    async def _show_owners(self, db: Transaction) -> None:
        options = {_EVERYONE: _EVERY, **{each.name: each.name for each in await organizations.list_all(db)}}
        if self._organization not in options:  # an address that was typed, or an old one
            self._organization = _EVERYONE
        if options != self._owners.options:
            self._owners.set_options(options, value=self._organization)
        units, news = await self._queue.depth(db), await deliveries.count_waiting(db)
        self._waiting.set_text(f"waiting: {units} work units, {news} webhooks")

    async def _filter(self, event: Any) -> None:
        self._unfinished = bool(event.value)
        await self._changed()

    async def _choose(self, event: Any) -> None:
        if event.value != self._organization:
            self._organization = event.value
            await self._changed()

    async def _changed(self) -> None:
        """Other work is wanted: the address says so too, for a reload, or for somebody else."""
        self._limit = PAGE
        wanted = {"unfinished": "true"} if self._unfinished else {}
        if self._organization:
            wanted["organization"] = self._organization
        ui.navigate.history.replace(f"{PATH}/" + (f"?{urlencode(wanted)}" if wanted else ""))
        await self._live.refresh()

    async def _show_more(self) -> None:
        self._limit = min(self._limit + PAGE, MOST)
        await self._live.refresh()

    def _find(self, wanted: str | None) -> None:
        if wanted and wanted.strip():
            ui.navigate.to(f"/work/{quote(wanted.strip(), safe='')}")
