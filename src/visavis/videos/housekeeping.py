"""Removing what a process left behind in the storage when it died at a bad moment."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from visavis.store import frame_extractions, video_files
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.videos.layout import ROOT, owner_of

# Longer than an upload and the commit behind it take.
_MIN_AGE = timedelta(hours=24)

_AT_ONCE = 1_000


async def remove_orphans(database: Database, blobs: Blobs, *, min_age: timedelta = _MIN_AGE) -> int:
    """Delete blobs of videos and frames that do not exist, and halves of blobs; how many it were."""
    before = datetime.now(UTC) - min_age
    removed = await blobs.remove_unfinished(ROOT, before=before)
    keys: dict[tuple[UUID, UUID | None], list[str]] = defaultdict(list)
    gathered = 0
    async for entry in blobs.entries(ROOT):
        owner = owner_of(entry.key)
        if owner is None or entry.modified_at >= before:
            continue
        keys[owner].append(entry.key)
        gathered += 1
        if gathered == _AT_ONCE:
            removed += await _remove(database, blobs, keys)
            keys.clear()
            gathered = 0
    return removed + await _remove(database, blobs, keys)


async def _remove(database: Database, blobs: Blobs, keys: dict[tuple[UUID, UUID | None], list[str]]) -> int:
    async with database.transaction() as db:
        files = await video_files.existing(db, [file_id for file_id, _ in keys])
        extractions = await frame_extractions.existing(db, [each for _, each in keys if each is not None])
    orphans = [
        key
        for (file_id, extraction_id), own in keys.items()
        if file_id not in files or (extraction_id is not None and extraction_id not in extractions)
        for key in own
    ]
    await blobs.delete(orphans)
    return len(orphans)
