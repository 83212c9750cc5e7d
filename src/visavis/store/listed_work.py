"""Everything that clients have asked for, as an operator sees it: whose it is, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from visavis.store.database import Transaction
from visavis.store.rows import fetch_all, fetch_one
from visavis.store.sql import Queries

_SQL = Queries.beside(__file__)


@dataclass(frozen=True, slots=True)
class ListedWork:
    """A job, a video, or something that was asked of one.

    ``name``: the custom id of a job, if it has one, or the video's file name. ``kind``: that of a job, or "video",
    "frame_extraction", "face_detection", "face_match". ``status``: in_progress, completed, partial_error, all_error; of
    videos, pending, processing, completed, failed. ``progress``: 0..1.
    """

    id: UUID
    kind: str
    name: str | None
    organization: str
    status: str
    failure: str | None
    progress: float
    file_id: UUID | None
    created_at: datetime
    ended_at: datetime | None


async def list_newest(
    db: Transaction,
    *,
    organization: str | None = None,
    file_id: UUID | None = None,
    unfinished: bool = False,
    limit: int = 20,
) -> list[ListedWork]:
    """Work of every organisation, or one, newest first: all of it, or a video and what was asked of it."""
    parameters = {"organization": organization, "file_id": file_id, "unfinished": unfinished, "limit": limit}
    return await fetch_all(db, ListedWork, _SQL["list_newest"], parameters)


async def find(db: Transaction, work_id: UUID, *, organization: str | None = None) -> ListedWork | None:
    """One piece of work, of any organisation or one."""
    return await fetch_one(db, ListedWork, _SQL["find"], {"id": work_id, "organization": organization})
