"""Work as rows of a table: what it is, whose, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from nicegui import ui

from visavis.console.access import PATH
from visavis.store.listed_work import ListedWork

_COLUMNS = (
    ("what", "What"),
    ("name", "Name"),
    ("organization", "Organisation"),
    ("status", "Status"),
    ("accepted", "Accepted (UTC)"),
    ("took", "Took"),
)
# What clients have named is text in these, never markup.
_WHAT = """
<q-td :props="props"><a :href="props.row.address" class="text-primary">{{ props.row.what }}</a></q-td>
"""
_STATUS = """
<q-td :props="props" style="min-width: 12rem; white-space: normal">
  <span :class="props.row.colour">{{ props.row.status }}</span>
  <template v-if="!props.row.is_over">
    <span>{{ ' ' + props.row.percent }}</span>
    <q-linear-progress :value="props.row.progress" :aria-label="props.row.what" class="q-mt-xs" rounded />
  </template>
  <div v-if="props.row.failure" class="text-caption">{{ props.row.failure }}</div>
</q-td>
"""


class WorkTable:
    """A table within a page; the column of organisations is there for those who see more than one."""

    def __init__(self, *, with_organization: bool, nothing: str) -> None:
        columns = [
            {"name": name, "label": label, "field": name, "align": "left"}
            for name, label in _COLUMNS
            if name != "organization" or with_organization
        ]
        self._table = ui.table(columns=columns, rows=[], row_key="id").classes("full-width")
        self._table.props(f'flat bordered wrap-cells no-data-label="{nothing}"')
        self._table.add_slot("body-cell-what", _WHAT)
        self._table.add_slot("body-cell-status", _STATUS)

    def show(self, listed: Sequence[ListedWork]) -> None:
        """Show some work."""
        rows = [_row(work) for work in listed]
        if rows != self._table.rows:  # a page that nothing has happened to is not sent again
            self._table.rows = rows


def _row(work: ListedWork) -> dict[str, Any]:
    return {
        "id": str(work.id),
        "address": f"{PATH}/work/{work.id}",
        "what": words(work.kind),
        "name": work.name or "",
        "organization": work.organization,
        "status": words(work.status),
        "colour": colour(work),
        "failure": work.failure,
        "is_over": work.ended_at is not None,
        "progress": work.progress,
        "percent": f"{work.progress:.0%}",
        "accepted": moment(work.created_at),
        "took": "" if work.ended_at is None else duration(work.ended_at - work.created_at),
    }


def words(name: str) -> str:
    """A name of ours as people read it."""
    return name.replace("_", " ")


def colour(work: ListedWork) -> str:
    """The class of the word that says its status."""
    match work.status:
        case "failed" | "all_error" | "partial_error":
            return "text-negative"
        case "completed":
            return "text-positive"
        case _:
            return ""


def moment(at: datetime) -> str:
    """To the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def duration(took: timedelta) -> str:
    """As short as it can be said: 0.4 s, 12 s, 3 min 20 s, 2 h 5 min."""
    seconds = took.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest_s} s"
    hours, rest_min = divmod(minutes, 60)
    return f"{hours} h {rest_min} min" if hours else f"{minutes} min {rest_s} s"
