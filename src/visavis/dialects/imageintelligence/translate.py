"""Between the wire's words and ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.links import Links
from visavis.errors import InvalidRequest
from visavis.records import (
    Author,
    Box,
    Face,
    Feedback,
    FeedbackCode,
    Group,
    Identity,
    ImageStatus,
    JobStatus,
    SaidOfClass,
    Search,
    Sighting,
)

# Moments below this are seconds, others milliseconds.
_SECONDS_BELOW = 100_000_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

JOB_STATUS: Mapping[JobStatus, wire.JobStatus] = {
    JobStatus.IN_PROGRESS: "IN_PROGRESS",
    JobStatus.COMPLETED: "COMPLETED_SUCCESSFULLY",
    JobStatus.PARTIAL_ERROR: "COMPLETED_PARTIAL_ERROR",
    JobStatus.ALL_ERROR: "COMPLETED_ALL_ERROR",
}
IMAGE_STATUS: Mapping[ImageStatus, wire.ImageStatus] = {
    ImageStatus.IN_PROGRESS: "IN_PROGRESS",
    ImageStatus.COMPLETED: "COMPLETED_SUCCESSFULLY",
    ImageStatus.DOWNLOAD_ERROR: "IMAGE_DOWNLOAD_ERROR",
    ImageStatus.FORMAT_ERROR: "INVALID_IMAGE_FORMAT_ERROR",
    ImageStatus.DETECTION_ERROR: "DETECTION_ENGINE_ERROR",
    ImageStatus.MODEL_ERROR: "MODEL_SERVICE_ERROR",
    ImageStatus.JOB_ERROR: "JOB_ERROR",
    ImageStatus.UNKNOWN_ERROR: "UNKNOWN_ERROR",
}
_AUTHOR: Mapping[Author, wire.LinkAuthor] = {
    Author.MANUAL: "MANUAL",
    Author.REVIEW: "HITL",
    Author.MODEL: "ML",
}

_FEEDBACK_CODE: Mapping[FeedbackCode, Literal["FALSE_POSITIVE", "FALSE_NEGATIVE"]] = {
    FeedbackCode.FALSE_POSITIVE: "FALSE_POSITIVE",
    FeedbackCode.FALSE_NEGATIVE: "FALSE_NEGATIVE",
}


# --- in ---------------------------------------------------------------------------------------------------


def search_from_wire(request: wire.SearchRequest) -> Search:
    """A search request as our search."""
    given = request.model_fields_set
    return Search(
        limit=int(request.limit),
        offset=int(request.offset),
        ascending=request.sort_by == "ASC",
        after=moment_from_wire(request.start, "start"),
        before=moment_from_wire(request.end, "end"),
        ids=None if request.ids is None else tuple(known_ids(request.ids)),
        custom_ids=None if request.custom_ids is None else tuple(request.custom_ids),
        without_custom_id="custom_ids" in given and request.custom_ids is None,
        feed_ids=None if request.feed_ids is None else tuple(request.feed_ids),
        without_feed_id="feed_ids" in given and request.feed_ids is None,
    )


def moment_from_wire(number: float | None, field: str) -> datetime | None:
    """A moment in milliseconds since 1970; below 100000000000, in seconds.

    Raises:
        InvalidRequest: it is before 1970, or after the calendar ends.
    """
    if number is None:
        return None
    seconds = number if number < _SECONDS_BELOW else number / 1000
    try:
        if seconds < 0:
            raise ValueError
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidRequest(f"{field}: is no moment since 1970.") from error


def exact_moment_from_wire(number: int | None, field: str) -> datetime | None:
    """A moment in milliseconds since 1970, and nothing else.

    Raises:
        InvalidRequest: it is before 1970, or after the calendar ends.
    """
    if number is None:
        return None
    try:
        if number < 0:
            raise ValueError
        return _EPOCH + timedelta(milliseconds=number)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"{field}: is no moment since 1970.") from error


def said_from_wire(said: wire.FeedbackClass) -> SaidOfClass:
    """What a client says of one class."""
    return SaidOfClass(said.class_, FeedbackCode(said.code.lower()))


def id_from_wire(text: str) -> UUID | None:
    """Our id behind an opaque string; None when it cannot be one of ours."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    # UUID() also reads other spellings, which we never hand out.
    return found if str(found) == text else None


def known_ids(texts: Sequence[str]) -> list[UUID]:
    """Those of some strings that can be ids of ours."""
    return [found for text in texts if (found := id_from_wire(text)) is not None]


def face_ids_from_wire(texts: Sequence[str], field: str) -> list[UUID]:
    """Ids of faces, each once.

    Raises:
        InvalidRequest: one of them cannot be an id of ours.
    """
    for text in texts:
        if id_from_wire(text) is None:
            raise InvalidRequest(f"{field}: there is no image {text[:64]} in this namespace.")
    return list(dict.fromkeys(known_ids(texts)))


# --- out --------------------------------------------------------------------------------------------------


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def box_to_wire(box: Box) -> wire.BoundingBox:
    """A box as fractions of the picture."""
    return wire.BoundingBox(x_min=box.x_min, y_min=box.y_min, x_max=box.x_max, y_max=box.y_max)


def sighting_to_wire(sighting: Sighting) -> wire.RecognizedObject:
    """A face in a job's result."""
    known = sighting.identity_id is not None and sighting.identity_score is not None
    return wire.RecognizedObject(
        identity_id=str(sighting.identity_id) if known else None,
        image_id=str(sighting.face_id),
        confidence=fraction(sighting.identity_score if known else sighting.detection_score),
        bounding_box=box_to_wire(sighting.box),
        created_at=milliseconds(sighting.created_at),
    )


def face_to_wire(face: Face, links: Links) -> wire.ImageResponse:
    """A face, which this dialect calls an image."""
    return {
        "id": face.id,
        "custom_id": face.custom_id,
        "feed_id": face.feed_id,
        "identity_id": face.identity_id,
        "url": links.picture_url(face.source_url, face.blob_key),
        "bounding_box": {"x_min": face.x_min, "y_min": face.y_min, "x_max": face.x_max, "y_max": face.y_max},
        "bounding_box_confidence": fraction(face.detection_score),
        "type": "FACE",
        "group_id": face.group_id,
        "is_frontal": face.is_frontal,
        "sharpness": fraction(face.sharpness),
        "width": face.width_px,
        "height": face.height_px,
        "created_at": milliseconds(face.created_at),
    }


def group_to_wire(group: Group, namespace: str, faces: Sequence[Face], links: Links) -> wire.GroupResponse:
    """A group with its faces and its link."""
    modified_at = group.link_modified_at
    return wire.GroupResponse(
        id=group.id,
        identity_id=group.identity_id,
        batch_id=group.batch_id,
        namespace=namespace,
        link_modified_by=None if group.link_modified_by is None else _AUTHOR[group.link_modified_by],
        link_last_modified_at=None if modified_at is None else milliseconds(modified_at),
        created_at=milliseconds(group.created_at),
        images=[face_to_wire(face, links) for face in faces],
    )


def identity_to_wire(identity: Identity, namespace: str, faces: Sequence[Face], links: Links) -> wire.IdentityResponse:
    """An identity with its faces."""
    return wire.IdentityResponse(
        id=identity.id,
        custom_id=identity.custom_id,
        namespace=namespace,
        images=[face_to_wire(face, links) for face in faces],
        created_at=milliseconds(identity.created_at),
    )


def feedback_to_wire(feedback: Feedback) -> wire.FeedbackResponse:
    """What a client has said of a job."""
    return wire.FeedbackResponse(
        id=str(feedback.id),
        job_id=str(feedback.job_id),
        classes=[
            wire.FeedbackClass(class_=each.object_class, code=_FEEDBACK_CODE[each.code]) for each in feedback.classes
        ],
        created_at=milliseconds(feedback.said_at),
    )


def fraction(number: float | None) -> float:
    """A number as one in 0..1, without the digits that mean nothing."""
    if number is None or number < 0:
        return 0.0
    # as round(number, 6), in a quarter of the time
    return int(number * 1_000_000 + 0.5) / 1_000_000 if number < 1 else 1.0
