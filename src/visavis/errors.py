"""The tree of errors that cross rooms.

Each class has a stable ``code`` for programs, one bit ``retry`` (may the same call succeed later?) and a
docstring that is the public message when none is given.
"""

from __future__ import annotations

import inspect
from typing import ClassVar, TypeVar
from uuid import UUID

Thing = TypeVar("Thing")


class VisavisError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    retry: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        self.message = message or inspect.getdoc(type(self)) or self.code
        super().__init__(self.message)


# --- what a caller asked for cannot be done ---------------------------------------------------------------


class InvalidRequest(VisavisError):
    """The request is malformed."""

    code = "invalid_request"


class UnknownFace(InvalidRequest):
    """There is no such face."""

    code = "unknown_face"

    def __init__(self, face_id: UUID) -> None:
        super().__init__(f"There is no image {face_id} in this namespace.")
        self.face_id = face_id


class NotFound(VisavisError):
    """There is no such resource."""

    code = "not_found"


def required(thing: Thing | None, what: str) -> Thing:
    """A thing that must be there.

    Raises:
        NotFound: it is not.
    """
    if thing is None:
        raise NotFound(f"There is no such {what}.")
    return thing


class NotAuthenticated(VisavisError):
    """The credentials are missing, unknown or expired."""

    code = "not_authenticated"


class NotPermitted(VisavisError):
    """The credentials do not permit this."""

    code = "not_permitted"


class Conflict(VisavisError):
    """Something else is there already."""

    code = "conflict"


class UnsupportedMedia(VisavisError):
    """Files of this kind are not accepted."""

    code = "unsupported_media"


class TooLarge(VisavisError):
    """The request is larger than this server accepts."""

    code = "too_large"


# --- pictures ---------------------------------------------------------------------------------------------


class ImageError(VisavisError):
    """The picture cannot be used."""

    code = "image_error"


class UnreadableImage(ImageError):
    """The bytes are no picture of a supported format, or are damaged."""

    code = "unreadable_image"


class ImageTooLarge(ImageError):
    """The picture has more bytes or pixels than this server decodes."""

    code = "image_too_large"


# --- videos -----------------------------------------------------------------------------------------------


class VideoError(VisavisError):
    """The video cannot be used."""

    code = "video_error"


class UnreadableVideo(VideoError):
    """The bytes are no video of a supported format, or are damaged."""

    code = "unreadable_video"


class VideoTooLarge(VideoError):
    """The video is longer, or its pictures are larger, than this server decodes."""

    code = "video_too_large"


# --- fetching ---------------------------------------------------------------------------------------------


class FetchError(VisavisError):
    """The address could not be fetched."""

    code = "fetch_error"


class AddressRefused(FetchError):
    """The URL leads to an address we do not call."""

    code = "address_refused"


class FetchTooLarge(FetchError):
    """The answer is larger than allowed."""

    code = "fetch_too_large"


class FetchTimeout(FetchError):
    """The address did not answer in time."""

    code = "fetch_timeout"
    retry = True


class FetchFailed(FetchError):
    """The address did not answer with a picture: DNS, connection, or a status other than 2xx."""

    code = "fetch_failed"
    retry = True


# --- the engine -------------------------------------------------------------------------------------------


class EngineError(VisavisError):
    """The face engine failed."""

    code = "engine_error"


class ModelPackError(EngineError):
    """A model pack is missing, damaged or not what its manifest says."""

    code = "model_pack_error"


class BackendUnavailable(EngineError):
    """The inference backend asked for is not installed, or this CPU cannot run it."""

    code = "backend_unavailable"


class DetectionFailed(EngineError):
    """Finding faces failed."""

    code = "detection_failed"


class EmbeddingFailed(EngineError):
    """Describing faces failed."""

    code = "embedding_failed"


class DegenerateLandmarks(EngineError):
    """The five landmarks of a face coincide, so that it cannot be aligned."""

    code = "degenerate_landmarks"


# --- storage ----------------------------------------------------------------------------------------------


class StorageError(VisavisError):
    """The database or the blob store failed."""

    code = "storage_error"
    retry = True


class SettingsError(VisavisError):
    """A setting is wrong."""

    code = "settings_error"
