"""Work of any kind on a line: what it is, how far, or why it failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from visavis.cli import moments
from visavis.store.listed_work import ListedWork

_BAR_WIDTH = 12


def told(work: ListedWork) -> dict[str, Any]:
    """For ``--json``."""
    fields: dict[str, Any] = {
        "id": str(work.id),
        "kind": work.kind,
        "name": work.name,
        "status": work.status,
        "failure": work.failure,
        "progress": round(work.progress, 4),
        "organization": work.organization,
        "fileId": None if work.file_id is None else str(work.file_id),
        "createdAt": work.created_at.isoformat(),
        "endedAt": None if work.ended_at is None else work.ended_at.isoformat(),
    }
    return {name: value for name, value in fields.items() if value is not None}


def print_table(listed: Sequence[ListedWork]) -> None:
    """All of some work, a line each; the id is never cut, for it is copied."""
    console = Console(highlight=False)
    if not listed:
        console.print("Nothing has been asked for.")
        return
    table = Table(show_lines=True)
    # Whole ids, however narrow the terminal is.
    table.add_column("id", no_wrap=True, min_width=36)
    table.add_column("what", overflow="fold")
    table.add_column("how far", overflow="fold")
    for work in listed:
        failure = "" if work.failure is None else f": {work.failure}"
        table.add_row(
            f"{work.id}\naccepted {moments.told(work.created_at)}",
            escape("\n".join(each for each in (_words(work.kind), work.name, work.organization) if each is not None)),
            Group(escape(_words(work.status) + failure), *([_done(work)] if work.ended_at is None else [])),
        )
    console.print(table)


def print_one(work: ListedWork) -> None:
    """One piece of work."""
    console = Console(highlight=False)
    console.print(f"{_words(work.kind)} {work.id}", soft_wrap=True)
    table = Table(show_header=False)
    table.add_row("status", _words(work.status))
    if work.failure is not None:
        table.add_row("why", escape(work.failure))
    if work.ended_at is None:
        table.add_row("done", _done(work))
    table.add_row("for", escape(work.organization))
    if work.name is not None:
        table.add_row("name", escape(work.name))
    if work.file_id is not None and work.file_id != work.id:
        table.add_row("video", str(work.file_id))
    table.add_row("accepted", moments.told(work.created_at))
    if work.ended_at is not None:
        table.add_row("ended", moments.told(work.ended_at))
    console.print(table)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _done(work: ListedWork) -> Table:
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=1, completed=work.progress, width=_BAR_WIDTH), f"{work.progress:.0%}")
    return bar
