"""The page of one piece of work: how far it is, why it failed, what it consists of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from visavis.console.access import Visit
from visavis.console.frame import frame
from visavis.console.live import Live
from visavis.console.work_table import WorkTable, colour, duration, moment, words
from visavis.records import JobImage, Role, User
from visavis.store import jobs, listed_work
from visavis.store.database import Database, Transaction
from visavis.store.listed_work import ListedWork

_FACTS = ("Status", "Why", "Organisation", "Accepted (UTC)", "Ended (UTC)", "Took", "Id")
_PICTURES = (("picture", "Picture"), ("name", "Custom id"), ("status", "Status"))
_GONE = "It is no longer stored."


class PiecePage:
    """Builds the page of some work for one visitor, who may see it."""

    def __init__(self, database: Database, visit: Visit, work: ListedWork) -> None:
        self._database = database
        self._visit = visit
        self._work = work

    async def build(self) -> None:
        """Make the page, with what is so now."""
        work = self._work
        title = words(work.kind).capitalize()
        with frame(self._visit.user, title):
            ui.link("← Work", "/")
            ui.label(title if work.name is None else f"{title} · {work.name}").classes("text-h5")
            live = Live(self._database, self._visit, self._show)
            self._gone = ui.label(_GONE).classes("text-negative")
            with ui.grid(columns="max-content auto").classes("q-gutter-x-lg"):
                self._facts = {name: (ui.label(name).classes("text-weight-medium"), ui.label()) for name in _FACTS}
            self._percent = ui.label()
            self._bar = ui.linear_progress(show_value=False).props(f'rounded aria-label="{title}"')
            if work.file_id is None:
                columns = [{"name": name, "label": label, "field": name, "align": "left"} for name, label in _PICTURES]
                self._pictures = ui.table(columns=columns, rows=[], row_key="id").props("flat bordered")
            else:
                ui.label("The video, and what was asked of it").classes("text-h6")
                self._of_video = WorkTable(with_organization=False, nothing=_GONE)
            await live.refresh()

    async def _show(self, db: Transaction, user: User) -> None:
        work = await listed_work.find(db, self._work.id, organization=user.organization)
        self._gone.set_visibility(work is None)
        if work is None:  # erased meanwhile; what the page says of it was so
            work = self._work
        self._work = work
        self._tell(work)
        if work.file_id is None:
            self._show_pictures((await jobs.images_of(db, [work.id]))[work.id])
        else:
            self._of_video.show(
                await listed_work.list_newest(db, organization=work.organization, file_id=work.file_id, limit=100)
            )

    def _tell(self, work: ListedWork) -> None:
        told = {
            "Status": words(work.status),
            "Why": work.failure,
            "Organisation": work.organization,
            "Accepted (UTC)": moment(work.created_at),
            "Ended (UTC)": None if work.ended_at is None else moment(work.ended_at),
            "Took": None if work.ended_at is None else duration(work.ended_at - work.created_at),
            "Id": str(work.id),
        }
        for name, (label, value) in self._facts.items():
            label.set_visibility(told[name] is not None)
            value.set_visibility(told[name] is not None)
            value.set_text(told[name] or "")
        self._facts["Status"][1].classes(replace=colour(work))
        self._percent.set_text(f"{work.progress:.0%}")
        self._bar.set_value(work.progress)
        for element in (self._percent, self._bar):
            element.set_visibility(work.ended_at is None)

    def _show_pictures(self, images: Sequence[JobImage]) -> None:
        rows: list[dict[str, Any]] = [
            {
                "id": str(image.id),
                "picture": f"{'picture' if image.role == Role.SUBJECT else words(image.role)} {image.position + 1}",
                "name": image.custom_id or "",
                "status": words(image.status),
            }
            for image in sorted(images, key=lambda each: (each.role != Role.SUBJECT, each.role, each.position))
        ]
        if rows != self._pictures.rows:
            self._pictures.rows = rows
