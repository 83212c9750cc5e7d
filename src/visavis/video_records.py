"""The nouns of videos that cross rooms. All frozen; times are seconds from the first picture of the video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from visavis.records import Box, FloatArray

Row = TypeVar("Row")

# What a client may ask for.
MIN_FRAMES_PER_SECOND, MAX_FRAMES_PER_SECOND = 0.1, 30.0
MIN_FRAME_WIDTH_PX, MAX_FRAME_WIDTH_PX = 64, 4096


class VideoStatus(StrEnum):
    """How far a file, or what was asked of it, is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class VideoSource(StrEnum):
    """How a file came in."""

    UPLOAD = "upload"
    HTTP = "http"


class FileEvent(StrEnum):
    """What a webhook tells of a file, or of a file in a collection."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video is, as its packets say. Sizes are those of the upright picture with square pixels."""

    media_format: str
    duration_s: float
    width_px: int
    height_px: int
    frame_rate: float | None
    has_variable_rate: bool
    frame_count: int
    bitrate_bps: int | None
    has_audio: bool
    audio_sample_rate_hz: int | None
    audio_channels: int | None


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video as it was sent. ``failure`` says why it cannot be used; ``info`` is there once it is completed."""

    id: UUID
    organization_id: UUID
    application_id: UUID
    filename: str
    byte_count: int | None
    sha256: str | None
    source: VideoSource
    source_url: str | None
    metadata: Mapping[str, Any] | None
    status: VideoStatus
    failure: str | None
    info: VideoInfo | None
    has_poster: bool
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames of a video are looked at: one every 1 / ``frames_per_second`` from ``start_s`` to ``end_s``.

    ``max_width_px`` bounds the width at which frames are looked at and kept; none is enlarged.
    """

    frames_per_second: float = 1.0
    max_width_px: int = 1024
    start_s: float | None = None
    end_s: float | None = None
    keeps_thumbnails: bool = True

    def __post_init__(self) -> None:
        if not MIN_FRAMES_PER_SECOND <= self.frames_per_second <= MAX_FRAMES_PER_SECOND:
            raise ValueError(f"frames_per_second is {MIN_FRAMES_PER_SECOND} to {MAX_FRAMES_PER_SECOND:g}")
        if not MIN_FRAME_WIDTH_PX <= self.max_width_px <= MAX_FRAME_WIDTH_PX:
            raise ValueError(f"max_width_px is {MIN_FRAME_WIDTH_PX} to {MAX_FRAME_WIDTH_PX}")
        if (self.start_s is not None and self.start_s < 0) or (self.end_s is not None and self.end_s < 0):
            raise ValueError("a window begins and ends at 0 s or later")


@dataclass(frozen=True, slots=True)
class FrameExtraction:
    """Frames of a file. ``frame_count`` is there once it is completed; ``progress`` is 0..1."""

    id: UUID
    organization_id: UUID
    file_id: UUID
    sampling: Sampling
    status: VideoStatus
    failure: str | None
    frame_count: int | None
    progress: float
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of an extraction: what is on screen at ``time_s``."""

    id: UUID
    extraction_id: UUID
    time_s: float
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a file was looked at.

    ``frames_looked_at`` are different pictures. ``frames_missed``: frames that were asked for and could not be decoded.
    Somebody who was on screen for less than ``shortest_missable_s`` may have been missed; 0 when every picture of the
    file was looked at.
    """

    start_s: float
    end_s: float
    frames_looked_at: int
    frames_missed: int
    frames_in_file: int
    shortest_missable_s: float


@dataclass(frozen=True, slots=True)
class FaceDetection:
    """The faces of an extraction's frames. ``face_count`` and ``coverage`` are there once it is completed."""

    id: UUID
    organization_id: UUID
    file_id: UUID
    extraction_id: UUID
    status: VideoStatus
    failure: str | None
    face_count: int | None
    coverage: Coverage | None
    progress: float
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class VideoFace:
    """A face in a frame. Faces of one ``track`` are one person without a break, in one shot."""

    id: UUID
    detection_id: UUID
    frame_id: UUID
    time_s: float
    box: Box
    detection_score: float
    track: int
    has_thumbnail: bool


@dataclass(frozen=True, slots=True, eq=False)
class NewVideoFace:
    """A face that was just found in a frame. ``embedding``: (D,) unit length; faces of a track may share one."""

    id: UUID
    frame_id: UUID
    time_s: float
    box: Box
    detection_score: float
    track: int
    embedding: FloatArray


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """Where a person of a picture is in a video.

    ``source_box`` is that of the face that was looked for. ``threshold`` is the similarity from which on a face is the
    person's, ``match_count`` how many faces are told of, best first, whether they are the person's or not.
    """

    id: UUID
    organization_id: UUID
    application_id: UUID
    file_id: UUID
    extraction_id: UUID | None
    detection_id: UUID | None
    max_faces: int
    status: VideoStatus
    failure: str | None
    source_box: Box | None
    threshold: float | None
    match_count: int | None
    coverage: Coverage | None
    progress: float
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class MatchedFace:
    """A face of a video beside the person that was looked for. ``score`` is 0..1, 0.5 at the match's threshold."""

    id: UUID
    frame_id: UUID
    time_s: float
    box: Box
    similarity: float
    score: float
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class Appearance:
    """A time in which the person is on screen: from the first to the last frame that shows them.

    ``best_*`` are of the most alike face.
    """

    id: UUID
    start_s: float
    end_s: float
    face_count: int
    best_frame_id: UUID
    best_time_s: float
    best_box: Box
    best_score: float
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class Collection:
    """Videos whose faces are searched together. ``sampling`` is how their faces are looked for."""

    id: UUID
    organization_id: UUID
    name: str
    description: str | None
    sampling: Sampling
    file_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CollectionMember:
    """A file in a collection. ``status`` is that of its faces there, or of the file if that has failed."""

    collection_id: UUID
    file: VideoFile
    detection_id: UUID | None
    status: VideoStatus
    added_at: datetime


@dataclass(frozen=True, slots=True)
class FaceSearch:
    """A search by face over collections. ``query`` is how the client named the picture; hits are in so many files."""

    id: UUID
    organization_id: UUID
    query: str
    limit: int
    threshold: float | None
    by_file: bool
    by_item_count: bool
    status: VideoStatus
    failure: str | None
    hit_count: int
    hit_file_count: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A face that a search has found. ``score`` is 0..1, 0.5 at the threshold in force."""

    file_id: UUID
    collection_id: UUID
    face_id: UUID
    frame_id: UUID
    time_s: float
    box: Box
    score: float
    has_thumbnail: bool


@dataclass(frozen=True, slots=True)
class VideoWebhook:
    """An address that wants to hear of files. ``events`` are the dialect's own words."""

    id: UUID
    organization_id: UUID
    application_id: UUID
    endpoint: str
    secret: str = field(repr=False)
    description: str | None
    events: list[str]
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a video: a frame's, or the file's own (``frame_id`` None)."""

    file_id: UUID
    frame_id: UUID | None
    time_s: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition on a file: what stands at ``path`` of its ``source`` ("metadata", "video_info", "file").

    ``operator`` is one of equal, not_equal, less_than, greater_than, contains_any, contains_all, in, like.
    """

    source: str
    path: tuple[str, ...]
    operator: str
    value: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows of a list are wanted, newest first unless said otherwise. Moments: at or after, and before."""

    limit: int = 50
    offset: int = 0
    ascending: bool = False
    by_name: bool = False
    status: VideoStatus | None = None
    after: datetime | None = None
    before: datetime | None = None
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list, and how many it has in all."""

    rows: list[Row]
    total: int
