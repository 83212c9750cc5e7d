"""The wire: what clients send and what they get, with this vendor's names, units and limits."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from visavis.video_records import (
    MAX_FRAME_WIDTH_PX,
    MAX_FRAMES_PER_SECOND,
    MIN_FRAME_WIDTH_PX,
    MIN_FRAMES_PER_SECOND,
)

DEFAULT_MAX_FACES, MAX_FACES = 50, 4000
DEFAULT_SEARCH_LIMIT, MAX_SEARCH_LIMIT = 10, 1000

# The deepest metadata, and the longest number in it, that are kept.
_MAX_DEPTH = 64
_MAX_BITS = 1024


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def web_address(text: str) -> str:
    """An address that can be fetched, as it stands.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError("must be an http or https address")
    return text


def storable_json(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object that the database can keep, as it stands.

    Raises:
        ValueError: it is too deep, or holds U+0000, half a surrogate pair or a number that JSON does not have.
    """
    _check(value, _MAX_DEPTH)
    return value


def _check(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"may be at most {_MAX_DEPTH} levels deep")
    match value:
        case dict():
            for key, each in value.items():
                _check(key, depth)
                _check(each, depth - 1)
        case list():
            for each in value:
                _check(each, depth - 1)
        case str():
            _storable(value)
            if not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
                raise ValueError("must not contain half a surrogate pair")
        case float() if not math.isfinite(value):
            raise ValueError("must not contain a number that is infinite or none")
        case int() if value.bit_length() > _MAX_BITS:
            raise ValueError("must not contain a number of more than 300 digits")


Text = Annotated[str, AfterValidator(_storable)]
Address = Annotated[Text, Field(min_length=1, max_length=2048)]
WebAddress = Annotated[Address, AfterValidator(web_address)]
Metadata = Annotated[dict[str, Any], AfterValidator(storable_json)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Seconds = Annotated[Real, Field(ge=0)]


# --- requests: fields that the schema does not know are ignored, values are not bent into shape -----------


class Request(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class UniformConfig(Request):
    frames_per_second: Annotated[Real, Field(ge=MIN_FRAMES_PER_SECOND, le=MAX_FRAMES_PER_SECOND)] | None = None
    max_width: Annotated[Real, Field(ge=MIN_FRAME_WIDTH_PX, le=MAX_FRAME_WIDTH_PX)] | None = None


class ThumbnailsConfig(Request):
    enable_frame_thumbnails: bool | None = None


class UniformFrames(Request):
    strategy: Literal["uniform"]
    uniform_config: UniformConfig | None = None


class FrameExtractionConfig(UniformFrames):
    thumbnails_config: ThumbnailsConfig | None = None
    start_time_seconds: Seconds | None = None
    end_time_seconds: Seconds | None = None


class FaceDetectionRequest(Request):
    url: Address
    frame_extraction_id: UUID | None = None
    frame_extraction_config: FrameExtractionConfig | None = None


class SourceImage(Request):
    url: WebAddress | None = None
    base64_image: str | None = Field(default=None, repr=False)


class FaceMatchRequest(Request):
    source_image: SourceImage
    target_video_url: Address
    max_faces: Annotated[int, Field(ge=1, le=MAX_FACES)] | None = None
    face_detection_id: UUID | None = None
    frame_extraction_id: UUID | None = None
    frame_extraction_config: FrameExtractionConfig | None = None


class FileUpdate(Request):
    filename: Annotated[Text, AfterValidator(_not_blank), Field(max_length=4096)] | None = None
    metadata: Metadata | None = None


class CollectionFaces(Request):
    frame_extraction_config: UniformFrames | None = None
    thumbnails_config: ThumbnailsConfig | None = None


CollectionName = Annotated[Text, AfterValidator(_not_blank), Field(max_length=256)]
CollectionDescription = Annotated[Text, Field(max_length=16_384)]
CollectionType = Literal["media-descriptions", "entities", "rich-transcripts", "face-analysis"]


class NewCollection(Request):
    collection_type: CollectionType
    name: CollectionName
    description: CollectionDescription | None = None
    face_detection_config: CollectionFaces | None = None


class CollectionUpdate(Request):
    name: CollectionName | None = None
    description: CollectionDescription | None = None


class AddCollectionFile(Request):
    file_id: UUID | None = None
    url: Address | None = None


Operator = Literal["NotEqual", "Equal", "LessThan", "GreaterThan", "ContainsAny", "ContainsAll", "In", "Like"]
FilterText = Annotated[Text, Field(max_length=4096)]


class FilterCriterion(Request):
    path: Annotated[Text, Field(min_length=1, max_length=512)]
    operator: Operator
    value_text: Annotated[FilterText | None, Field(alias="valueText")] = None
    value_text_array: Annotated[list[FilterText] | None, Field(alias="valueTextArray", max_length=1000)] = None
    scope: Literal["file", "segment"] | None = None


class VideoInfoCriterion(FilterCriterion):
    path: Literal["duration_seconds", "has_audio"]


class FileCriterion(FilterCriterion):
    path: Literal["bytes", "filename", "uri", "created_at", "id"]


class SearchFilter(Request):
    metadata: Annotated[list[FilterCriterion], Field(max_length=50)] | None = None
    video_info: Annotated[list[VideoInfoCriterion], Field(max_length=50)] | None = None
    file: Annotated[list[FileCriterion], Field(max_length=50)] | None = None
    source_metadata: list[Any] | None = None


class SearchImage(Request):
    url: WebAddress | None = None
    base64: str | None = Field(default=None, repr=False)


class SearchRequest(Request):
    scope: Literal["file", "segment", "face"]
    collections: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    source_image: SearchImage | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_SEARCH_LIMIT)] | None = None
    filter: SearchFilter | None = None
    threshold: Real | None = None
    group_by_key: Literal["file"] | None = None
    sort_by: Literal["score", "item_count"] | None = None


WebhookEvent = Literal[
    "describe.job.processing",
    "describe.job.completed",
    "describe.job.failed",
    "extract.job.processing",
    "extract.job.completed",
    "extract.job.failed",
    "file.job.processing",
    "file.job.completed",
    "file.job.failed",
    "file.job.deleted",
    "collection.file.job.processing",
    "collection.file.job.completed",
    "collection.file.job.failed",
    "collection.file.job.deleted",
    "segment.job.processing",
    "segment.job.completed",
    "segment.job.failed",
]
WebhookEvents = Annotated[list[WebhookEvent], Field(min_length=1, max_length=1000)]
WebhookDescription = Annotated[Text, Field(max_length=4096)]


class WebhookCreateRequest(Request):
    endpoint: WebAddress
    description: WebhookDescription | None = None
    subscribed_events: WebhookEvents


class WebhookUpdateRequest(Request):
    endpoint: WebAddress | None = None
    description: WebhookDescription | None = None
    subscribed_events: WebhookEvents | None = None
    active: bool | None = None


# --- answers: a field without a value is left out, never null ---------------------------------------------

JobStatus = Literal["pending", "processing", "completed", "failed"]


class Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Error(Answer):
    error: str


class Page(Answer):
    """What all lists have; ``limit`` is the page size in force."""

    object: Literal["list"] = "list"
    total: int
    limit: int
    offset: int


class Deleted(Answer):
    id: UUID


class FaceBoundingBox(Answer):
    """Fractions of the picture's width and height, from the upper left corner."""

    left: float
    top: float
    width: float
    height: float


class VideoInfo(Answer):
    duration_seconds: float
    width: int
    height: int
    format: str
    has_audio: bool


class MediaInfo(VideoInfo):
    sample_rate: int | None = None
    channels: int | None = None
    bitrate: int | None = None


class File(Answer):
    """A video. Beyond the vendor: why it ``failed``, its frames, their rate, and the digest of its bytes."""

    id: UUID
    status: JobStatus
    bytes: int | None = None
    created_at: int
    filename: str
    uri: str
    metadata: dict[str, Any] | None = None
    media_type: Literal["video"] = "video"
    media_info: MediaInfo | None = None
    video_info: VideoInfo | None = None
    thumbnail_url: str | None = None
    source: Literal["upload", "http"]
    error: str | None = None
    frame_rate: float | None = None
    frame_count: int | None = None
    sha256: str | None = None


class FileList(Page):
    data: list[File]


class FileDeleted(Deleted):
    object: Literal["file"] = "file"


class Thumbnail(Answer):
    id: UUID
    url: str
    time: float
    type: Literal["file", "frame"]


class ThumbnailList(Page):
    data: list[Thumbnail]


class UniformConfigInForce(Answer):
    frames_per_second: float
    max_width: int


class ThumbnailsConfigInForce(Answer):
    enable_frame_thumbnails: bool


class UniformFramesInForce(Answer):
    strategy: Literal["uniform"] = "uniform"
    uniform_config: UniformConfigInForce


class FrameExtractionConfigInForce(UniformFramesInForce):
    thumbnails_config: ThumbnailsConfigInForce
    start_time_seconds: float | None = None
    end_time_seconds: float | None = None


class Job(Answer):
    """What everything that takes a while has. Beyond the vendor: how far it is, 0..1, and why it ``failed``."""

    file_id: UUID
    status: JobStatus
    created_at: int
    progress: float
    error: str | None = None


class Frame(Answer):
    id: UUID
    timestamp: float
    thumbnail_url: str | None = None


class FramePage(Page):
    frames: list[Frame]


class FrameExtractionRow(Job):
    frame_extraction_id: UUID
    frame_extraction_config: FrameExtractionConfigInForce
    frame_count: int | None = None


class FrameExtraction(FrameExtractionRow):
    data: FramePage | None = None


class FrameExtractionList(Page):
    data: list[FrameExtractionRow]


class Coverage(Answer):
    """How much of a file was looked at. Somebody on screen for less than the last number may have been missed."""

    start_time_seconds: float
    end_time_seconds: float
    frames_looked_at: int
    frames_missed: int
    frames_in_file: int
    shortest_missable_seconds: float


class DetectedFace(Answer):
    id: UUID
    face_bounding_box: FaceBoundingBox
    frame_id: UUID
    timestamp: float
    thumbnail_url: str | None = None


class FacePage(Page):
    faces: list[DetectedFace]


class FaceDetection(Job):
    face_detection_id: UUID
    frame_extraction_id: UUID
    coverage: Coverage | None = None
    data: FacePage | None = None


class FaceDetectionRow(Job):
    """A row of the list, which calls the id ``job_id``."""

    job_id: UUID
    frame_extraction_id: UUID
    total_faces: int | None = None


class FaceDetectionList(Page):
    data: list[FaceDetectionRow]


class FaceMatchResult(Answer):
    id: UUID
    face_bounding_box: FaceBoundingBox
    similarity: float
    frame_id: UUID
    timestamp: float
    thumbnail_url: str | None = None


class MatchPage(Page):
    faces_matches: list[FaceMatchResult]


class BestOfAppearance(Answer):
    frame_id: UUID
    timestamp: float
    face_bounding_box: FaceBoundingBox
    similarity: float
    thumbnail_url: str | None = None


class Appearance(Answer):
    """A time in which the person is on screen."""

    id: UUID
    start_time_seconds: float
    end_time_seconds: float
    face_count: int
    best: BestOfAppearance


class FaceMatch(Job):
    """Beyond the vendor: the similarity from which on a face is the person's, when they are on screen, the coverage."""

    face_match_id: UUID
    face_detection_id: UUID | None = None
    frame_extraction_id: UUID | None = None
    source_face_bounding_box: FaceBoundingBox | None = None
    similarity_threshold: float
    data: MatchPage | None = None
    appearances: list[Appearance] | None = None
    coverage: Coverage | None = None


class FaceMatchRow(Job):
    """A row of the list, which calls the id ``job_id``."""

    job_id: UUID
    face_detection_id: UUID | None = None
    frame_extraction_id: UUID | None = None
    source_face_bounding_box: FaceBoundingBox | None = None
    match_count: int | None = None


class FaceMatchList(Page):
    data: list[FaceMatchRow]


class FaceMatchDeleted(Answer):
    face_match_id: UUID
    object: Literal["face_match"] = "face_match"


class CollectionFacesInForce(Answer):
    frame_extraction_config: UniformFramesInForce
    thumbnails_config: ThumbnailsConfigInForce


class Collection(Answer):
    id: UUID
    object: Literal["collection"] = "collection"
    name: str
    description: str | None = None
    collection_type: Literal["face-analysis"] = "face-analysis"
    face_detection_config: CollectionFacesInForce
    created_at: int
    file_count: int


class CollectionList(Page):
    data: list[Collection]


class CollectionDeleted(Deleted):
    object: Literal["collection"] = "collection"


class CollectionFile(Answer):
    collection_id: UUID
    file_id: UUID
    object: Literal["collection_file"] = "collection_file"
    added_at: int
    status: JobStatus
    file: File


class CollectionFileList(Page):
    data: list[CollectionFile]


class CollectionFileDeleted(Answer):
    collection_id: UUID
    file_id: UUID
    object: Literal["collection_file"] = "collection_file"


class FileFaceDetections(Page):
    """Beyond the vendor: ``status``, for no faces can also mean not yet."""

    collection_id: UUID
    file_id: UUID
    status: JobStatus
    faces: list[DetectedFace]


class FaceSearchResult(Answer):
    type: Literal["face"] = "face"
    file_id: UUID
    collection_id: UUID
    face_id: UUID
    frame_id: UUID
    score: float
    timestamp: float
    face_bounding_box: FaceBoundingBox
    thumbnail_url: str | None = None


class FaceGroupResult(Answer):
    type: Literal["face_group"] = "face_group"
    matched_items: list[FaceSearchResult]
    file_id: UUID
    item_count: int
    best_score: float


class SearchResponse(Answer):
    id: UUID
    object: Literal["search"] = "search"
    query: str
    scope: Literal["face"] = "face"
    group_by_key: Literal["file"] | None = None
    group_count: int | None = None
    results: list[FaceSearchResult] | list[FaceGroupResult]
    total: int
    limit: int


class SearchList(Page):
    data: list[SearchResponse]


class Webhook(Answer):
    id: UUID
    object: Literal["webhook"] = "webhook"
    created_at: int
    webhook_secret: str = Field(repr=False)
    endpoint: str
    active: bool
    description: str | None = None
    subscribed_events: list[str]


class WebhookList(Page):
    data: list[Webhook]


class WebhookDeleted(Deleted):
    object: Literal["webhook"] = "webhook"


# --- what webhooks carry ----------------------------------------------------------------------------------


class FileEventPayload(Answer):
    """Of a file, or of a file in a collection."""

    object: Literal["file", "collection_file"]
    collection_id: UUID | None = None
    file_id: UUID
    uri: str
    filename: str
    metadata: dict[str, Any] | None = None
    bytes: int | None = None
    status: JobStatus
    error: str | None = None
    created_at: int
    added_at: int | None = None
    video_info: VideoInfo | None = None


class WebhookBody(Answer):
    event_id: UUID
    event_type: WebhookEvent
    payload: FileEventPayload
