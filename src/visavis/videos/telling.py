"""Telling registered addresses what becomes of files."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

from visavis.jobs.deliveries import announce
from visavis.jobs.queue import Queue
from visavis.records import Event, NewDelivery
from visavis.store import collections, deliveries, video_webhooks
from visavis.store.database import Transaction
from visavis.video_records import CollectionMember, FileEvent, VideoFile, VideoStatus

Body = Callable[[VideoFile, FileEvent, CollectionMember | None], tuple[str, bytes]]
"""The dialect's word for an event, and its body. With a member: what became of the file in a collection."""

_EVENT_OF = {
    VideoStatus.PROCESSING: FileEvent.PROCESSING,
    VideoStatus.COMPLETED: FileEvent.COMPLETED,
    VideoStatus.FAILED: FileEvent.FAILED,
}


class FileNews:
    """Makes deliveries, in the words of the dialect, in the transaction that causes them."""

    def __init__(self, queue: Queue, body: Body) -> None:
        self._queue = queue
        self._body = body

    async def of_file(self, db: Transaction, file: VideoFile, event: FileEvent) -> None:
        """What became of a file."""
        await self._tell(db, file, event, None)

    async def of_member(self, db: Transaction, member: CollectionMember, event: FileEvent) -> None:
        """What became of a file in a collection."""
        await self._tell(db, member.file, event, member)

    async def of_detection(self, db: Transaction, detection_id: UUID) -> None:
        """What became of the files in collections whose faces a detection finds."""
        for member in await collections.of_detection(db, detection_id):
            if member.status in _EVENT_OF:
                await self.of_member(db, member, _EVENT_OF[member.status])

    async def of_erased(self, db: Transaction, file: VideoFile) -> None:
        """A file is about to be erased: it leaves its collections, and nothing else is told of it any more."""
        await deliveries.remove_of_file(db, file.id)
        for member in await collections.of_file(db, file.id):
            await self._tell(db, file, FileEvent.DELETED, member)
        await self._tell(db, file, FileEvent.DELETED, None)

    async def _tell(self, db: Transaction, file: VideoFile, event: FileEvent, member: CollectionMember | None) -> None:
        addresses = await video_webhooks.listening(db, file.organization_id)
        if not addresses:
            return
        word, body = self._body(file, event, member)
        for address in addresses:
            if word not in address.events:
                continue
            new = NewDelivery(
                id=uuid4(),
                application_id=address.application_id,
                event=Event(f"file_{event}" if member is None else f"collection_file_{event}"),
                url=address.endpoint,
                body=body,
                video_webhook_id=address.id,
                file_id=None if event == FileEvent.DELETED else file.id,
            )
            await announce(db, self._queue, new)
