"""Pictures of a work unit on their way through the engine: each ends with its faces, or with why there are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import structlog

from visavis.errors import DetectionFailed, EmbeddingFailed, ImageError
from visavis.faces import FaceEngine
from visavis.jobs.analysis import DetectedFace, FoundFace, Look, describe, detect_faces, look_at
from visavis.media.images import ImageLimits
from visavis.records import ImageStatus, JobImage

Face = TypeVar("Face", bound=DetectedFace)
Result = TypeVar("Result")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class StoredPicture:
    """A picture whose copy lies in our storage."""

    image: JobImage
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class LoadedPicture(StoredPicture):
    """A picture with its bytes."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome(Generic[Face]):
    """What became of one picture: its faces, or why there are none."""

    image: JobImage
    status: ImageStatus
    blob_key: str | None = None
    faces: Sequence[Face] = ()


Analysis: TypeAlias = Callable[[FaceEngine, deque[LoadedPicture], ImageLimits], list[Outcome[Face]]]
"""Takes each picture out of the queue before looking at it, so that its bytes are gone when that is done."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen(StoredPicture):
    """A picture whose faces are found, and not yet described."""

    look: Look


def describe_pictures(
    engine: FaceEngine, pictures: deque[LoadedPicture], limits: ImageLimits, *, persistent: bool = False
) -> list[Outcome[FoundFace]]:
    """Look at each picture, then describe the faces of all of them together, which is faster.

    Args:
        persistent: somebody should be in each picture.
    """
    failed: list[Outcome[FoundFace]] = []
    seen: list[_Seen] = []
    while pictures:
        picture = pictures.popleft()
        look = _tried(picture, lambda data: look_at(engine, data, limits, persistent=persistent))
        if isinstance(look, ImageStatus):
            failed.append(Outcome(picture.image, look, picture.key))
        else:
            seen.append(_Seen(picture.image, picture.key, look))
    try:
        described = describe(engine, [each.look for each in seen])
    except EmbeddingFailed:
        return failed + [_described_alone(engine, each) for each in seen]
    return failed + [_completed(each, faces) for each, faces in zip(seen, described, strict=True)]


def detect_pictures(
    engine: FaceEngine, pictures: deque[LoadedPicture], limits: ImageLimits
) -> list[Outcome[DetectedFace]]:
    """Find the faces of each picture."""
    outcomes: list[Outcome[DetectedFace]] = []
    while pictures:
        picture = pictures.popleft()
        faces = _tried(picture, lambda data: detect_faces(engine, data, limits))
        if isinstance(faces, ImageStatus):
            outcomes.append(Outcome(picture.image, faces, picture.key))
        else:
            outcomes.append(_completed(picture, faces))
    return outcomes


def _tried(picture: LoadedPicture, look: Callable[[bytes], Result]) -> Result | ImageStatus:
    """The result, or what is wrong with this one picture: its neighbours go on."""
    try:
        return look(picture.data)
    except ImageError:
        return ImageStatus.FORMAT_ERROR
    except DetectionFailed:
        return _broken(picture, ImageStatus.DETECTION_ERROR)
    except Exception:
        return _broken(picture, ImageStatus.UNKNOWN_ERROR)


def _described_alone(engine: FaceEngine, seen: _Seen) -> Outcome[FoundFace]:
    # One face that cannot be described must not take its neighbours with it.
    try:
        [faces] = describe(engine, [seen.look])
    except EmbeddingFailed:
        return Outcome(seen.image, _broken(seen, ImageStatus.MODEL_ERROR), seen.key)
    return _completed(seen, faces)


def _completed(picture: StoredPicture, faces: Sequence[Face]) -> Outcome[Face]:
    return Outcome(picture.image, ImageStatus.COMPLETED, picture.key, faces)


def _broken(picture: StoredPicture, status: ImageStatus) -> ImageStatus:
    """For use in an exception handler: what broke goes into the log."""
    _log.exception("picture not processed", image=str(picture.image.id), status=status)
    return status
