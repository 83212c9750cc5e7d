"""Searches by face over collections: the server asks, a worker describes the picture and looks, the server answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from visavis.errors import InvalidRequest, StorageError
from visavis.jobs.queue import Queue, VideoEntry, VideoTask
from visavis.records import Application
from visavis.store import face_searches
from visavis.store.database import Database
from visavis.video_records import Collection, Criterion, FaceSearch, VideoStatus
from visavis.videos.intake import SourcePicture

# Workers look up from other work within seconds.
_WAIT_S = 60.0
_LOOK_EVERY_S = 0.05


class FaceSearches:
    """Makes searches, for whoever waits for the answer."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._database = database
        self._queue = queue

    async def ask(
        self,
        application: Application,
        collections: Sequence[Collection],
        *,
        source: SourcePicture,
        query: str,
        limit: int,
        threshold: float | None,
        by_file: bool,
        by_item_count: bool,
        criteria: tuple[Criterion, ...] = (),
    ) -> FaceSearch:
        """Search, and wait for the end. No connection to the database is held meanwhile.

        Args:
            threshold: least score, on the scale on which 0.5 is the verdict's boundary; any number.
            by_file, by_item_count: how the client wants it told; kept with the search.
        Raises:
            InvalidRequest: there is no face in the picture, or no picture; the search is not kept.
            StorageError: no worker has answered in time; the search is not kept.
        """
        search_id = uuid4()
        async with self._database.transaction() as db:
            await face_searches.add(
                db,
                search_id=search_id,
                organization_id=application.organization_id,
                query=query,
                collection_ids=[collection.id for collection in collections],
                criteria=criteria,
                limit=limit,
                threshold=threshold,
                by_file=by_file,
                by_item_count=by_item_count,
                source_url=source.url,
                source_data=source.data,
            )
            await self._queue.defer_videos(db, [VideoEntry(VideoTask.SEARCH, str(search_id))])
        ended = False
        try:
            search = await self._ended(search_id)
            ended = search.status == VideoStatus.COMPLETED
        finally:
            if not ended:
                async with self._database.transaction() as db:
                    await face_searches.remove(db, search_id)
        if search.failure is not None:
            raise InvalidRequest(search.failure)
        return search

    async def _ended(self, search_id: UUID) -> FaceSearch:
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            async with self._database.transaction() as db:
                search = await face_searches.state(db, search_id)
            if search is None:
                break
            if search.status in (VideoStatus.COMPLETED, VideoStatus.FAILED):
                return search
            await asyncio.sleep(_LOOK_EVERY_S)
        raise StorageError("No worker has made the search in time.")
