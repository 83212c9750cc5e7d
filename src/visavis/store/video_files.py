"""Rows of video files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Json

from visavis.store.database import Transaction
from visavis.store.sql import Queries, newest_or_oldest
from visavis.store.video_rows import count, listing_parameters, new, one, page, rows, video_file
from visavis.video_records import Listing, Page, Thumbnail, VideoFile, VideoInfo, VideoSource

_SQL = Queries.beside(__file__)


async def add(
    db: Transaction,
    *,
    file_id: UUID,
    organization_id: UUID,
    application_id: UUID,
    filename: str,
    source: VideoSource,
    source_url: str | None,
    byte_count: int | None,
    sha256: str | None,
    metadata: Mapping[str, Any] | None,
) -> VideoFile:
    """Store a file that is to be looked into."""
    parameters = {
        "id": file_id,
        "organization_id": organization_id,
        "application_id": application_id,
        "filename": filename,
        "source": source,
        "source_url": source_url,
        "byte_count": byte_count,
        "sha256": sha256,
        "metadata": None if metadata is None else Json(metadata),
    }
    return await new(db, video_file, _SQL["add"], parameters)


async def get(db: Transaction, organization_id: UUID, file_id: UUID) -> VideoFile | None:
    """One file of an organisation."""
    return await one(db, video_file, _SQL["get"], {"organization_id": organization_id, "id": file_id})


async def find(db: Transaction, file_id: UUID) -> VideoFile | None:
    """One file. For workers, which serve every organisation."""
    return await one(db, video_file, _SQL["find"], {"id": file_id})


async def lock(db: Transaction, file_id: UUID) -> VideoFile | None:
    """One file, held until this transaction ends. For workers, which serve every organisation."""
    return await one(db, video_file, _SQL["lock"], {"id": file_id})


async def search(db: Transaction, organization_id: UUID, listing: Listing) -> Page[VideoFile]:
    """Files of an organisation, newest first or by name."""
    parameters = {"organization_id": organization_id, **listing_parameters(listing)}
    statement = _SQL["by_name" if listing.by_name else "search_newest"]
    found = rows(db, video_file, newest_or_oldest(statement, ascending=listing.ascending), parameters)
    return await page(db, found, _SQL["total"], parameters)


async def update(
    db: Transaction, organization_id: UUID, file_id: UUID, *, filename: str | None, metadata: Mapping[str, Any] | None
) -> VideoFile | None:
    """Change what the client says of a file; None leaves it as it is."""
    parameters = {
        "organization_id": organization_id,
        "id": file_id,
        "filename": filename,
        "metadata": None if metadata is None else Json(metadata),
    }
    return await one(db, video_file, _SQL["update"], parameters)


async def begin(db: Transaction, file_id: UUID) -> VideoFile | None:
    """A worker looks into a file; None when one has begun before."""
    return await one(db, video_file, _SQL["begin"], {"id": file_id})


async def received(db: Transaction, file_id: UUID, *, byte_count: int, sha256: str) -> None:
    """The bytes of a fetched file are stored."""
    await db.execute(_SQL["received"], {"id": file_id, "byte_count": byte_count, "sha256": sha256})


async def complete(
    db: Transaction, file_id: UUID, info: VideoInfo, *, seek_points_s: Sequence[float], has_poster: bool
) -> VideoFile | None:
    """A file can be used; None when it had ended before."""
    parameters = {
        "id": file_id,
        "seek_points_s": list(seek_points_s),
        "has_poster": has_poster,
        **{name: getattr(info, name) for name in VideoInfo.__dataclass_fields__},
    }
    return await one(db, video_file, _SQL["complete"], parameters)


async def fail(db: Transaction, file_id: UUID, failure: str) -> VideoFile | None:
    """A file cannot be used; None when it had ended before."""
    return await one(db, video_file, _SQL["fail"], {"id": file_id, "failure": failure})


async def seek_points(db: Transaction, file_id: UUID) -> list[float]:
    """Moments of key frames, in seconds, ascending."""
    cursor = await db.execute(_SQL["seek_points"], {"id": file_id})
    row = await cursor.fetchone()
    return list(row[0]) if row and row[0] else []


async def remove(db: Transaction, file_id: UUID) -> None:
    """Erase a file and all that hangs on it."""
    await db.execute(_SQL["remove"], {"id": file_id})


async def existing(db: Transaction, file_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some ids that are files."""
    cursor = await db.execute(_SQL["existing"], {"ids": list(file_ids)})
    return {row[0] async for row in cursor}


async def thumbnails(
    db: Transaction, organization_id: UUID, file_id: UUID, *, posters: bool, frames: bool, limit: int, offset: int
) -> Page[Thumbnail]:
    """Small pictures of a file, by time: its own, those of its frames, or both."""
    parameters = {
        "organization_id": organization_id,
        "id": file_id,
        "posters": posters,
        "frames": frames,
        "limit": limit,
        "offset": offset,
    }
    found = await rows(db, lambda row: Thumbnail(**row), _SQL["thumbnails"], parameters)
    return Page(found, await count(db, _SQL["thumbnails_total"], parameters))
