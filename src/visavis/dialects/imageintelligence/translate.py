"""Between the wire's words and ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence.links import Links
from visavis.errors import InvalidRequest
from visavis.records import (
    Author,
    Box,
    Face,
    Group,
    Identity,
    ImageStatus,
    Job,
    JobImage,
    JobKind,
    JobStatus,
    NewImage,
    NewJob,
    Search,
    Sighting,
)

# Moments below this are seconds, others milliseconds.
_SECONDS_BELOW = 100_000_000_000

_JOB_STATUS: Mapping[JobStatus, wire.JobStatus] = {
    JobStatus.IN_PROGRESS: "IN_PROGRESS",
    JobStatus.COMPLETED: "COMPLETED_SUCCESSFULLY",
    JobStatus.PARTIAL_ERROR: "COMPLETED_PARTIAL_ERROR",
    JobStatus.ALL_ERROR: "COMPLETED_ALL_ERROR",
}
_IMAGE_STATUS: Mapping[ImageStatus, wire.ImageStatus] = {
    ImageStatus.IN_PROGRESS: "IN_PROGRESS",
    ImageStatus.COMPLETED: "COMPLETED_SUCCESSFULLY",
    ImageStatus.DOWNLOAD_ERROR: "IMAGE_DOWNLOAD_ERROR",
    ImageStatus.FORMAT_ERROR: "INVALID_IMAGE_FORMAT_ERROR",
    ImageStatus.DETECTION_ERROR: "DETECTION_ENGINE_ERROR",
    ImageStatus.MODEL_ERROR: "MODEL_SERVICE_ERROR",
    ImageStatus.UNKNOWN_ERROR: "UNKNOWN_ERROR",
}
_AUTHOR: Mapping[Author, wire.LinkAuthor] = {
    Author.MANUAL: "MANUAL",
    Author.REVIEW: "HITL",
    Author.MODEL: "ML",
}


# --- in ---------------------------------------------------------------------------------------------------


def recognize_from_wire(request: wire.RecognizeRequest) -> NewJob:
    """A recognise request as a job."""
    return NewJob(
        kind=JobKind.RECOGNIZE,
        images=tuple(_image_from_wire(image) for image in request.images),
        custom_id=request.custom_id,
        feed_id=request.feed_id,
        webhook_url=request.webhook_url,
    )


def _image_from_wire(image: wire.ImageRequestItem) -> NewImage:
    data = None if image.blob is None else _blob_bytes(image.blob)
    return NewImage(custom_id=image.custom_id, source_url=image.url, data=data)


def _blob_bytes(blob: str) -> bytes:
    """Base64, with or without a ``data:`` prefix. Bad base64 is a picture without bytes, which nobody can read."""
    if blob.startswith("data:"):
        blob = blob.partition(",")[2]
    try:
        encoded = blob.encode("ascii")
        if b"\n" in encoded or b" " in encoded or b"\r" in encoded:
            encoded = b"".join(encoded.split())
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""


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


def recognize_to_wire(
    job: Job,
    images: Sequence[JobImage],
    sightings: Mapping[UUID, Sequence[Sighting]],
    links: Links,
) -> wire.RecognizeResponse:
    """A recognise job with its pictures and what was seen in them."""
    return wire.RecognizeResponse(
        id=str(job.id),
        status=_JOB_STATUS[job.status],
        custom_id=job.custom_id,
        feed_id=job.feed_id,
        webhook_url=job.webhook_url,
        created_at=milliseconds(job.created_at),
        images=[
            wire.RecognizeImageResult(
                id=str(image.id),
                url=links.picture_url(image.source_url, image.blob_key),
                proxy_url=links.proxy_url(image.blob_key),
                custom_id=image.custom_id,
                status=_IMAGE_STATUS[image.status],
                objects=[_sighting_to_wire(sighting) for sighting in sightings.get(image.id, ())],
            )
            for image in images
        ],
    )


def _sighting_to_wire(sighting: Sighting) -> wire.RecognizedObject:
    known = sighting.identity_id is not None and sighting.identity_score is not None
    return wire.RecognizedObject(
        identity_id=str(sighting.identity_id) if known else None,
        image_id=str(sighting.face_id),
        confidence=_fraction(sighting.identity_score if known else sighting.detection_score),
        bounding_box=box_to_wire(sighting.box),
        created_at=milliseconds(sighting.created_at),
    )


def face_to_wire(face: Face, links: Links) -> wire.ImageResponse:
    """A face, which this dialect calls an image."""
    return wire.ImageResponse(
        id=str(face.id),
        custom_id=face.custom_id,
        feed_id=face.feed_id,
        identity_id=None if face.identity_id is None else str(face.identity_id),
        url=links.picture_url(face.source_url, face.blob_key),
        bounding_box=box_to_wire(face.box),
        bounding_box_confidence=_fraction(face.detection_score),
        group_id=str(face.group_id),
        is_frontal=face.is_frontal,
        sharpness=_fraction(face.sharpness),
        width=face.width_px,
        height=face.height_px,
        created_at=milliseconds(face.created_at),
    )


def group_to_wire(group: Group, namespace: str, faces: Sequence[Face], links: Links) -> wire.GroupResponse:
    """A group with its faces and its link."""
    modified_at = group.link_modified_at
    return wire.GroupResponse(
        id=str(group.id),
        identity_id=None if group.identity_id is None else str(group.identity_id),
        batch_id=str(group.batch_id),
        namespace=namespace,
        link_modified_by=None if group.link_modified_by is None else _AUTHOR[group.link_modified_by],
        link_last_modified_at=None if modified_at is None else milliseconds(modified_at),
        created_at=milliseconds(group.created_at),
        images=[face_to_wire(face, links) for face in faces],
    )


def identity_to_wire(identity: Identity, namespace: str, faces: Sequence[Face], links: Links) -> wire.IdentityResponse:
    """An identity with its faces."""
    return wire.IdentityResponse(
        id=str(identity.id),
        custom_id=identity.custom_id,
        namespace=namespace,
        images=[face_to_wire(face, links) for face in faces],
        created_at=milliseconds(identity.created_at),
    )


def _fraction(number: float | None) -> float:
    return min(max(round(number or 0.0, 6), 0.0), 1.0)
