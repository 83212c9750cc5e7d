"""The nouns that cross rooms. All frozen; made by the store from rows, or by the domain from a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class JobKind(StrEnum):
    """What a job was asked to do."""

    RECOGNIZE = "recognize"
    MATCH = "match"
    DETECT = "detect"
    ASK = "ask"
    PHOTO_MATCH = "photo_match"


class JobStatus(StrEnum):
    """How far a job is. Derived from its images once all of them have ended."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PARTIAL_ERROR = "partial_error"
    ALL_ERROR = "all_error"


class ImageStatus(StrEnum):
    """How far one picture of a job is."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    DOWNLOAD_ERROR = "download_error"
    FORMAT_ERROR = "format_error"
    DETECTION_ERROR = "detection_error"
    MODEL_ERROR = "model_error"
    JOB_ERROR = "job_error"  # the job, not this picture, is at fault
    UNKNOWN_ERROR = "unknown_error"


class Role(StrEnum):
    """What a picture is in its job for: to be looked at, or to show what to look for."""

    SUBJECT = "subject"
    TARGET = "target"
    YES_EXAMPLE = "yes_example"
    NO_EXAMPLE = "no_example"


class Author(StrEnum):
    """Who said that a face, or a group, belongs to an identity."""

    MANUAL = "manual"
    REVIEW = "review"
    MODEL = "model"


class LeftOut(StrEnum):
    """Why a picture did not count when its job was decided."""

    NOT_FETCHED = "not_fetched"
    NOT_READABLE = "not_readable"
    NOT_PROCESSED = "not_processed"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    BLURRED = "blurred"
    SOMEBODY_ELSE = "somebody_else"
    OTHER_MODEL = "other_model"


class Event(StrEnum):
    """What a webhook tells of."""

    JOB_ENDED = "job_ended"
    IDENTITY_CREATED = "identity_created"
    IDENTITY_UPDATED = "identity_updated"
    FILE_PROCESSING = "file_processing"
    FILE_COMPLETED = "file_completed"
    FILE_FAILED = "file_failed"
    FILE_DELETED = "file_deleted"
    COLLECTION_FILE_PROCESSING = "collection_file_processing"
    COLLECTION_FILE_COMPLETED = "collection_file_completed"
    COLLECTION_FILE_FAILED = "collection_file_failed"
    COLLECTION_FILE_DELETED = "collection_file_deleted"


class DeliveryStatus(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class FeedbackCode(StrEnum):
    """What a client says was wrong with a decision: yes where no was right, or no where yes was."""

    FALSE_POSITIVE = "false_positive"
    FALSE_NEGATIVE = "false_negative"


@dataclass(frozen=True, slots=True)
class Application:
    """A client program of one organisation."""

    id: UUID
    organization_id: UUID
    organization: str
    name: str
    client_id: str
    scopes: list[str]
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who uses the console. ``organization``: whose things they see; None: an operator, who sees all."""

    id: UUID
    name: str
    organization_id: UUID | None
    organization: str | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Organization:
    """Who uses this installation. ``false_match_rate``: how often two different people may pass for one."""

    id: UUID
    name: str
    false_match_rate: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Namespace:
    """A wall inside one organisation: nothing compares across it."""

    id: UUID
    organization_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class NewImage:
    """A picture as a client sent it: its address, or the bytes themselves."""

    custom_id: str | None = None
    source_url: str | None = None
    data: bytes | None = field(default=None, repr=False)
    role: Role = Role.SUBJECT


@dataclass(frozen=True, slots=True)
class NewJob:
    """A request that becomes a job when it is accepted.

    ``request`` is what its kind asks beyond the pictures, as ``visavis.jobs.requests`` writes it. ``base_url`` is where
    the client found us: links in the job's webhook begin with it.
    """

    kind: JobKind
    images: tuple[NewImage, ...]
    custom_id: str | None = None
    feed_id: str | None = None
    webhook_url: str | None = None
    request: Mapping[str, Any] | None = None
    base_url: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted asynchronous request. ``false_match_rate``: the operating point in force when it was accepted."""

    id: UUID
    organization_id: UUID
    application_id: UUID
    namespace_id: UUID | None
    kind: JobKind
    status: JobStatus
    custom_id: str | None
    feed_id: str | None
    webhook_url: str | None
    request: Mapping[str, Any] | None
    base_url: str | None
    false_match_rate: float
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobImage:
    """One picture of a job. ``position`` is its place among those of its role in the request, from 0.

    ``left_out`` says why it did not count when the job was decided.
    """

    id: UUID
    job_id: UUID
    role: Role
    position: int
    status: ImageStatus
    custom_id: str | None
    source_url: str | None
    blob_key: str | None
    left_out: LeftOut | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """Edges as fractions 0..1 of the upright picture's width (x) and height (y)."""

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    def __post_init__(self) -> None:
        if not (0 <= self.x_min < self.x_max <= 1 and 0 <= self.y_min < self.y_max <= 1):
            raise ValueError(f"not a box inside a picture: {self}")

    @property
    def area(self) -> float:
        """The part of the picture that it covers, 0..1."""
        return (self.x_max - self.x_min) * (self.y_max - self.y_min)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a job says of one picture and one thing that was asked of it: a record.

    ``position`` is the thing's place in the request. ``similarity`` is there where faces were compared, and
    ``threshold`` is then of it; else the threshold is of the detection score. ``score`` is 0..1: calibrated, 0.5 at the
    threshold, where faces were compared; else the detection score. ``box`` is that of the face that decided; without
    one there is no score. ``face_count``: faces of the picture that could have decided.
    """

    job_image_id: UUID
    position: int
    object_class: str
    verdict: bool
    similarity: float | None
    threshold: float
    score: float | None
    face_count: int
    model_id: str
    box: Box | None


@dataclass(frozen=True, slots=True, eq=False)
class ProbeFace:
    """A face of a picture that is compared with others of its job, kept until the job is decided."""

    id: UUID
    job_image_id: UUID
    box: Box
    detection_score: float
    sharpness: float
    is_frontal: bool
    model_id: str
    embedding: FloatArray


@dataclass(frozen=True, slots=True)
class CountedFace:
    """The face of a picture that counted in a decision about two pictures. ``face_count``: faces of that picture."""

    job_image_id: UUID
    box: Box
    detection_score: float
    sharpness: float
    is_frontal: bool
    face_count: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address that an application has registered. ``secret_key`` signs what is sent for the application."""

    id: UUID
    application_id: UUID
    url: str
    secret_key: str | None = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """An event to be sent. With the job, namespace or file that it tells of, the delivery is erased.

    ``video_webhook_id``: the registered address it goes to, where that is one for news of files.
    """

    id: UUID
    application_id: UUID
    event: Event
    url: str
    body: bytes = field(repr=False)
    job_id: UUID | None = None
    namespace_id: UUID | None = None
    video_webhook_id: UUID | None = None
    file_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one address. ``body`` goes when it has arrived."""

    id: UUID
    application_id: UUID
    event: Event
    url: str
    body: bytes | None = field(repr=False)
    job_id: UUID | None
    namespace_id: UUID | None
    video_webhook_id: UUID | None
    file_id: UUID | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    last_answer: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SaidOfClass:
    """What a client says of one class of a job's decision."""

    object_class: str
    code: FeedbackCode


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a client says of a job's decisions. It is kept, and changes none of them."""

    id: UUID
    job_id: UUID
    classes: tuple[SaidOfClass, ...]
    said_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a job's result says of one face, for good: a record that later decisions do not change.

    ``identity_id`` is the identity recognised when the picture was processed, ``identity_score`` how sure
    that was (0.5 at the threshold in force).
    """

    face_id: UUID
    job_image_id: UUID
    box: Box
    detection_score: float
    identity_id: UUID | None
    identity_score: float | None
    created_at: datetime


class Face(NamedTuple):
    """One detected face at rest. ``width_px`` and ``height_px`` are those of its crop.

    A tuple, in the order of a row: answers hold thousands, and a dataclass takes ten times as long to be made.
    """

    id: UUID
    namespace_id: UUID
    group_id: UUID
    identity_id: UUID | None
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    detection_score: float
    sharpness: float
    is_frontal: bool
    width_px: int
    height_px: int
    custom_id: str | None
    feed_id: str | None
    source_url: str | None
    blob_key: str | None
    created_at: datetime

    @property
    def box(self) -> Box:
        """Where it is in the picture."""
        return Box(self.x_min, self.y_min, self.x_max, self.y_max)


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face that was just found and is not stored yet.

    Attributes:
        embedding: (D,) unit length, made by ``model_id``.
        box, landmarks_xy: fractions of the upright picture; landmarks (5, 2).
    """

    id: UUID
    job_image_id: UUID
    box: Box
    landmarks_xy: FloatArray
    detection_score: float
    sharpness: float
    is_frontal: bool
    width_px: int
    height_px: int
    model_id: str
    embedding: FloatArray


@dataclass(frozen=True, slots=True)
class Group:
    """Faces of one namespace that the machine believes to be one person, and its link to an identity."""

    id: UUID
    namespace_id: UUID
    batch_id: UUID
    identity_id: UUID | None
    link_modified_by: Author | None
    link_modified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """A person the client named."""

    id: UUID
    namespace_id: UUID
    custom_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """What a search asks for. Filters combine with *and*; ``None`` asks for nothing.

    An empty string can be a custom id, so "resources that have none" is a flag of its own.
    """

    limit: int = 20
    offset: int = 0
    ascending: bool = False
    after: datetime | None = None
    before: datetime | None = None
    ids: tuple[UUID, ...] | None = None
    custom_ids: tuple[str, ...] | None = None
    without_custom_id: bool = False
    feed_ids: tuple[str, ...] | None = None
    without_feed_id: bool = False
