"""The wire: what clients send and what they get, with this vendor's names, units and limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator, with_config
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from visavis.jobs.signatures import standard_key

MAX_IMAGES = 64

# Both mean a face.
OBJECT_CLASSES = ("person", "face")


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the character U+0000")
    return text


def _whole(number: float) -> int:
    if not number.is_integer():
        raise ValueError("must be a whole number")
    return int(number)


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError("must be an http or https address")
    return text


def _known_class(name: str) -> str:
    if name not in OBJECT_CLASSES:
        raise ValueError(f"must be one of: {', '.join(OBJECT_CLASSES)}")
    return name


Text = Annotated[str, AfterValidator(_storable)]
ShortText = Annotated[Text, Field(max_length=64)]
Address = Annotated[Text, Field(max_length=2048)]
WebAddress = Annotated[Address, AfterValidator(_web_address)]
ShortWebAddress = Annotated[WebAddress, Field(max_length=512)]
ObjectClass = Annotated[Text, AfterValidator(_known_class)]
Moment = Annotated[float, Field(allow_inf_nan=False)]


class WireModel(BaseModel):
    """Names in camel case; fields that the schema does not know are ignored; values are not bent into shape."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, strict=True, extra="ignore", frozen=True)


# Answers can hold thousands of faces. A dictionary costs a tenth of a model, which checks each field that we have just
# filled in ourselves.
_ROW = ConfigDict(alias_generator=to_camel, populate_by_name=True)


# --- requests ---------------------------------------------------------------------------------------------


class ClientCredentials(WireModel):
    client_id: Text
    client_secret: Text


class ImageRequestItem(WireModel):
    url: Address | None = None
    blob: str | None = Field(default=None, repr=False)
    custom_id: ShortText | None = None

    @model_validator(mode="after")
    def _one_source(self) -> ImageRequestItem:
        if (self.url is None) == (self.blob is None):
            raise ValueError("must have either url or blob, and not both")
        return self


class JobRequest(WireModel):
    """What all kinds of jobs are sent."""

    images: Annotated[list[ImageRequestItem], Field(min_length=1, max_length=MAX_IMAGES)]
    webhook_url: ShortWebAddress | None = None
    custom_id: ShortText | None = None
    feed_id: ShortText | None = None


class RecognizeRequest(JobRequest):
    webhook_url: WebAddress | None = None


class MatchTarget(WireModel):
    class_: Annotated[ObjectClass, Field(alias="class")]
    custom_id: ShortText | None = None
    images: Annotated[list[Address], Field(min_length=1, max_length=3)]


class MatchRequest(JobRequest):
    target: MatchTarget


class ExclusionZones(WireModel):
    type: Literal["GRID"] = "GRID"
    size: Annotated[float, Field(ge=1, le=128), AfterValidator(_whole)] = 64
    zones: list[list[Annotated[int, Field(ge=0, le=1)]]]

    @model_validator(mode="after")
    def _rectangle(self) -> ExclusionZones:
        widths = {len(row) for row in self.zones}
        if len(widths) > 1 or 0 in widths:
            raise ValueError("zones must have rows of one length, of at least one cell")
        if max(len(self.zones), *widths, 0) > self.size:
            raise ValueError(f"zones must have at most {int(self.size)} rows and cells, the size of the grid")
        return self


class DetectClass(WireModel):
    class_: Annotated[ObjectClass, Field(alias="class")]
    verify: Literal["NEVER", "AUTO", "ALWAYS"] = "AUTO"
    exclusion_zones: ExclusionZones | None = None

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and "verify" not in data and "hitl" in data:
            return {**data, "verify": data["hitl"]}
        return data


class DetectRequest(JobRequest):
    classes: Annotated[list[DetectClass], Field(min_length=1, max_length=64)]


Examples = Annotated[list[Address], Field(min_length=1, max_length=3)]


class AskExamples(WireModel):
    yes: Examples | None = None
    no: Examples | None = None


class AskRequest(JobRequest):
    question: Annotated[Text, Field(max_length=256)]
    examples: AskExamples | None = None


class FeedbackClass(WireModel):
    class_: Annotated[Text, Field(alias="class", max_length=256)]
    code: Literal["FALSE_POSITIVE", "FALSE_NEGATIVE"]


class FeedbackRequest(WireModel):
    job_id: Text
    classes: Annotated[list[FeedbackClass], Field(min_length=1, max_length=64)]
    created_at: int | None = None


def _signing_key(text: str) -> str:
    # What is no base64 signs as it stands, and no verifier takes such a key for what it looks like.
    if text.startswith("whsec_") and standard_key(text) == text.encode():
        raise ValueError("must have base64 behind whsec_, as Standard Webhooks keys have")
    return text


class WebhookRequest(WireModel):
    url: WebAddress
    secret_key: Annotated[Text, Field(min_length=8, max_length=256), AfterValidator(_signing_key)] | None = None


class IdentityCreateRequest(WireModel):
    custom_id: Annotated[Text, Field(max_length=256)] | None = None
    image_ids: Annotated[list[Text], Field(min_length=1)] | None = None


class ImagesChange(WireModel):
    add: Annotated[list[Text], Field(max_length=20)] = []
    remove: Annotated[list[Text], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _unique(self) -> ImagesChange:
        for name, ids in (("add", self.add), ("remove", self.remove)):
            if len(set(ids)) != len(ids):
                raise ValueError(f"{name} must not name an image twice")
        return self


class IdentityUpdateRequest(WireModel):
    custom_id: Annotated[Text, Field(max_length=256)] | None = None
    images: ImagesChange | None = None


class SearchRequest(WireModel):
    limit: Annotated[float, Field(ge=1, le=100), AfterValidator(_whole)] = 20
    offset: Annotated[float, Field(ge=0, le=100), AfterValidator(_whole)] = 0
    start: Moment | None = None
    end: Moment | None = None
    sort_by: Literal["ASC", "DESC"] = "DESC"
    ids: Annotated[list[Text], Field(max_length=100)] | None = None
    feed_ids: Annotated[list[Text], Field(max_length=20)] | None = None
    custom_ids: Annotated[list[Text], Field(max_length=20)] | None = None


# --- responses: a field without a value is left out, never null -------------------------------------------

JobStatus = Literal["COMPLETED_SUCCESSFULLY", "COMPLETED_PARTIAL_ERROR", "COMPLETED_ALL_ERROR", "IN_PROGRESS"]
ImageStatus = Literal[
    "COMPLETED_SUCCESSFULLY",
    "IN_PROGRESS",
    "UNKNOWN_ERROR",
    "JOB_ERROR",
    "IMAGE_DOWNLOAD_ERROR",
    "INVALID_IMAGE_FORMAT_ERROR",
    "SPIDERWEBS_ERROR",
    "DETECTION_ENGINE_ERROR",
    "MODEL_SERVICE_ERROR",
    "MALFORMED_MESSAGE_ERROR",
]
LinkAuthor = Literal["MANUAL", "ML", "HITL"]


class AccessTokenResponse(WireModel):
    access_token: str
    expires_at: int
    issued_at: int
    org_name: str
    app_name: str
    scope: str


@with_config(_ROW)
class BoundingBox(TypedDict):
    x_min: float
    y_min: float
    x_max: float
    y_max: float


class RecognizedObject(WireModel):
    identity_id: str | None = None
    image_id: str
    confidence: float
    bounding_box: BoundingBox
    created_at: int


class ChosenImage(WireModel):
    id: str
    url: str
    proxy_url: str | None = None
    custom_id: str | None = None


class ImageResult(ChosenImage):
    status: ImageStatus


class JobResponse(WireModel):
    """What all kinds of jobs answer."""

    id: str
    status: JobStatus
    custom_id: str | None = None
    feed_id: str | None = None
    webhook_url: str | None = None
    created_at: int


class RecognizeImageResult(ImageResult):
    objects: list[RecognizedObject]


class RecognizeResponse(JobResponse):
    images: list[RecognizeImageResult]


class MatchResult(WireModel):
    target: MatchTarget
    image: ChosenImage | None = None
    hitl: bool


class MatchResponse(JobResponse):
    job_results: MatchResult
    image_results: list[ImageResult]


class DetectedImage(ChosenImage):
    confidence: float


class DetectResult(WireModel):
    class_: Annotated[str, Field(alias="class")]
    image: DetectedImage | None = None
    hitl: bool


class DetectedObject(WireModel):
    class_: Annotated[str, Field(alias="class")]
    confidence: float
    verdict: bool


class DetectImageResult(ImageResult):
    objects: list[DetectedObject]


class DetectResponse(JobResponse):
    job_results: list[DetectResult]
    image_results: list[DetectImageResult]


class AskResult(WireModel):
    image: ChosenImage | None = None


class AskResponse(JobResponse):
    question: str
    examples: AskExamples | None = None
    job_results: AskResult
    image_results: list[ImageResult]


@with_config(_ROW)
class ImageResponse(TypedDict):
    """One detected face."""

    id: UUID
    custom_id: NotRequired[str | None]
    feed_id: NotRequired[str | None]
    identity_id: NotRequired[UUID | None]
    url: str
    bounding_box: BoundingBox
    bounding_box_confidence: float
    type: Literal["FACE"]
    group_id: UUID
    is_frontal: bool
    sharpness: float
    width: int
    height: int
    created_at: int


@with_config(_ROW)
class GroupResponse(TypedDict):
    id: UUID
    identity_id: NotRequired[UUID | None]
    batch_id: UUID
    namespace: str
    link_modified_by: NotRequired[LinkAuthor | None]
    link_last_modified_at: NotRequired[int | None]
    created_at: int
    images: list[ImageResponse]


@with_config(_ROW)
class IdentityResponse(TypedDict):
    id: UUID
    custom_id: NotRequired[str | None]
    namespace: str
    images: list[ImageResponse]
    created_at: int


class FeedbackResponse(WireModel):
    id: str
    job_id: str
    classes: list[FeedbackClass]
    created_at: int


class WebhookResponse(WireModel):
    id: str
    url: str
    secret_key: str | None = None
    application: str
    organization_id: str
    created_at: int


class IdentityEvent(WireModel):
    id: str
    event: Literal["IDENTITY_CREATED", "IDENTITY_UPDATED"]
    created_at: int
    data: IdentityResponse
