"""Where the bytes of a video and of what is made of it lie in the storage."""

from __future__ import annotations

from uuid import UUID, uuid5

ROOT = "videos"


def file_prefix(organization_id: UUID, file_id: UUID) -> str:
    """Everything of a file lies below it."""
    return f"{ROOT}/{organization_id}/{file_id}"


def original_key(organization_id: UUID, file_id: UUID) -> str:
    """The video as it was sent."""
    return f"{file_prefix(organization_id, file_id)}/original"


def poster_key(organization_id: UUID, file_id: UUID) -> str:
    """A small picture of the whole."""
    return f"{file_prefix(organization_id, file_id)}/poster"


def extraction_prefix(organization_id: UUID, file_id: UUID, extraction_id: UUID) -> str:
    """The thumbnails of an extraction lie below it."""
    return f"{file_prefix(organization_id, file_id)}/frames/{extraction_id}"


def thumbnail_key(organization_id: UUID, file_id: UUID, extraction_id: UUID, number: int) -> str:
    """The thumbnail of a frame."""
    return f"{extraction_prefix(organization_id, file_id, extraction_id)}/{number}"


def frame_id(extraction_id: UUID, number: int) -> UUID:
    """The id of a frame: always the same, so that whoever looks at it twice makes it once."""
    return uuid5(extraction_id, str(number))


def face_id(detection_id: UUID, number: int, position: int) -> UUID:
    """The id of a face of a frame, the best detection having position 0."""
    return uuid5(detection_id, f"{number}/{position}")


def owner_of(key: str) -> tuple[UUID, UUID | None] | None:
    """The file, and the extraction if it is of one, that a key belongs to; None when it is none of ours."""
    match key.split("/"):
        case [root, _, file_id, *rest] if root == ROOT and rest:
            try:
                extraction_id = UUID(rest[1]) if rest[0] == "frames" and len(rest) > 1 else None
                return UUID(file_id), extraction_id
            except ValueError:
                return None
        case _:
            return None
