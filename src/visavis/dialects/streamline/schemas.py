"""The wire: what clients get. All fields are always there; what has no value is null."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

RequestStatus = Literal["Pending", "Completed", "Failed"]


class WireModel(BaseModel):
    """Names in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Token(BaseModel):
    """What OAuth2 answers."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: int
    scope: str


class TokenError(BaseModel):
    """What OAuth2 says when there is no token."""

    error: str
    error_description: str


class Created(WireModel):
    id: str
    status: RequestStatus
    external_reference: str | None
    request_uri: str


class PhotoMatchResult(WireModel):
    match: bool
    score: float | None
    percentage_score: str | None
    is_error: bool
    error_message: str | None


class PhotoMatch(WireModel):
    """A photo match in the words of the older edition."""

    id: str
    external_reference: str | None
    result: PhotoMatchResult
    source_image: str
    target_image: str
    initiator: str
    initiator_id: str
    received_at: str
    completed_at: str | None
    request_status: RequestStatus


class BiometricsResult(WireModel):
    """All of it is null until the result is there."""

    match: bool | None
    score: float | None
    comment: str | None
    status: Literal["Match", "NoMatch", "Error"] | None
    percentage_score: str | None
    is_error: bool | None
    error_message: str | None


class BiometricsPhotoMatch(WireModel):
    """A photo match in the words of the newer edition."""

    id: str
    external_reference: str | None
    result: BiometricsResult
    id_front_face: str
    selfie: str
    initiator: str
    initiator_id: str
    received_at: str
    completed_at: str | None
    request_status: Literal[1, 2, 3]


class Problem(WireModel):
    """What is wrong with a request, by field or parameter."""

    type: str
    title: str
    status: int
    trace_id: str
    errors: dict[str, list[str]]


class ErrorDetail(BaseModel):
    code: str
    message: str


class ErrorBody(BaseModel):
    error: ErrorDetail
