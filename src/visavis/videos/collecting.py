"""Collections: files whose faces are found with the collection's sampling, and searched together."""

from __future__ import annotations

from uuid import UUID, uuid4

from visavis.errors import InvalidRequest
from visavis.store import collections, face_detections, video_files
from visavis.store.database import Transaction
from visavis.video_records import (
    Collection,
    CollectionMember,
    FileEvent,
    Sampling,
    VideoFile,
    VideoStatus,
)
from visavis.videos.erasure import Erasure
from visavis.videos.intake import VideoIntake
from visavis.videos.telling import FileNews


class Collecting:
    """Makes and changes collections, in the caller's transaction."""

    def __init__(self, intake: VideoIntake, erasure: Erasure, news: FileNews) -> None:
        self._intake = intake
        self._erasure = erasure
        self._news = news

    async def create(
        self,
        db: Transaction,
        organization_id: UUID,
        *,
        name: str,
        description: str | None,
        sampling: Sampling,
    ) -> Collection:
        """Make a collection.

        Raises:
            Conflict: the organisation has one of that name.
        """
        return await collections.add(
            db,
            collection_id=uuid4(),
            organization_id=organization_id,
            name=name,
            description=description,
            sampling=sampling,
        )

    async def add(self, db: Transaction, collection: Collection, file: VideoFile) -> CollectionMember:
        """Put a file into a collection and look for its faces; a file that is there already stays as it is.

        Raises:
            InvalidRequest: the file cannot be used.
        """
        # Held at once: two who put it into two collections would each have a hand on it, and wait for the other's.
        if await video_files.lock(db, file.id) is None:
            raise InvalidRequest("The file has been deleted.")
        if await collections.add_member(db, collection.id, file.id):
            detection = await self._intake.detection(db, file, collection.sampling)
            await collections.set_detection(db, collection.id, file.id, detection.id)
            member = await self._member(db, collection, file)
            if member.status == VideoStatus.PROCESSING:
                await self._news.of_member(db, member, FileEvent.PROCESSING)
            return member
        return await self._member(db, collection, file)

    async def remove(self, db: Transaction, collection: Collection, member: CollectionMember) -> None:
        """Take a file out of a collection, with the faces that were found for it. The file stays."""
        await video_files.lock(db, member.file.id)
        await self._news.of_member(db, member, FileEvent.DELETED)
        await collections.remove_member(db, collection.id, member.file.id)
        if member.detection_id is not None:
            detection = await face_detections.get(db, collection.organization_id, member.detection_id)
            if detection is not None:
                await self._erasure.detection(db, detection)

    async def delete(self, db: Transaction, collection: Collection) -> None:
        """Erase a collection; its files, and what was found in them, stay."""
        await collections.remove(db, collection.id)

    async def _member(self, db: Transaction, collection: Collection, file: VideoFile) -> CollectionMember:
        member = await collections.member(db, collection.id, file.id)
        if member is None:
            raise InvalidRequest("The file has been deleted.")
        return member
