"""What webhooks of this dialect carry."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.addresses import uri_of
from visavis.dialects.cloudglue.translate import STATUS, milliseconds, video_info_to_wire
from visavis.video_records import CollectionMember, FileEvent, VideoFile

_OF_FILE: Final[dict[FileEvent, wire.WebhookEvent]] = {
    FileEvent.PROCESSING: "file.job.processing",
    FileEvent.COMPLETED: "file.job.completed",
    FileEvent.FAILED: "file.job.failed",
    FileEvent.DELETED: "file.job.deleted",
}
_OF_MEMBER: Final[dict[FileEvent, wire.WebhookEvent]] = {
    FileEvent.PROCESSING: "collection.file.job.processing",
    FileEvent.COMPLETED: "collection.file.job.completed",
    FileEvent.FAILED: "collection.file.job.failed",
    FileEvent.DELETED: "collection.file.job.deleted",
}


def file_event(file: VideoFile, event: FileEvent, member: CollectionMember | None) -> tuple[str, bytes]:
    """The word for what happened to a file, or to a file in a collection, and the body that tells of it.

    The body has an id of its own and is sent again as it stands, so that a receiver can tell a repetition.
    """
    word = (_OF_FILE if member is None else _OF_MEMBER)[event]
    body = wire.WebhookBody(event_id=uuid4(), event_type=word, payload=_payload(file, member))
    return word, body.model_dump_json(exclude_none=True).encode()


def _payload(file: VideoFile, member: CollectionMember | None) -> wire.FileEventPayload:
    return wire.FileEventPayload(
        object="file" if member is None else "collection_file",
        collection_id=None if member is None else member.collection_id,
        file_id=file.id,
        uri=uri_of(file.id),
        filename=file.filename,
        metadata=None if file.metadata is None else dict(file.metadata),
        bytes=file.byte_count,
        status=STATUS[file.status if member is None else member.status],
        error=file.failure,
        created_at=milliseconds(file.created_at),
        added_at=None if member is None else milliseconds(member.added_at),
        video_info=None if file.info is None else video_info_to_wire(file.info),
    )
