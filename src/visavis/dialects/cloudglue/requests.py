"""What clients say, in our words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from visavis.dialects.cloudglue import schemas as wire
from visavis.errors import InvalidRequest
from visavis.video_records import Sampling

MAX_FILENAME: Final = 255

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UNNAMED = "video"


def id_from_wire(text: str) -> UUID | None:
    """Our id in a path; None when it cannot be one of ours.

    Raises:
        InvalidRequest: it contains U+0000.
    """
    if "\x00" in text:
        raise InvalidRequest("The path must not contain the character U+0000.")
    try:
        found = UUID(text)
    except ValueError:
        return None
    # UUID() also reads other spellings, which we never hand out.
    return found if str(found) == text.lower() else None


def day_from_wire(text: str | None, field: str) -> datetime | None:
    """The first moment of a day, YYYY-MM-DD in UTC.

    Raises:
        InvalidRequest: it is no day.
    """
    if text is None:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidRequest(f"{field}: must be a day, as YYYY-MM-DD.") from error


def instant_from_wire(text: str | None, field: str) -> datetime | None:
    """An instant in ISO 8601; in UTC where it does not say otherwise.

    Raises:
        InvalidRequest: it is none.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"{field}: must be an instant in ISO 8601, such as 2026-01-31T12:00:00Z.") from error


def filename_from_wire(name: str) -> str:
    """A file's name without folders and without what is no sign at all; at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    clean = "".join(sign for sign in last if sign.isprintable()).strip()
    if clean in ("", ".", ".."):
        return _UNNAMED
    if len(clean) <= MAX_FILENAME:
        return clean
    stem, dot, ending = clean.rpartition(".")
    if not stem or len(ending) > 16:
        return clean[:MAX_FILENAME]
    return stem[: MAX_FILENAME - len(ending) - 1] + dot + ending


def sampling_from_wire(config: wire.FrameExtractionConfig | None, field: str = "") -> Sampling:
    """Which frames are wanted; what is not said is as the vendor has it.

    Args:
        field: what holds the configuration, with a dot behind it, for the message.
    Raises:
        InvalidRequest: the window ends before it begins.
    """
    if config is None:
        return Sampling()
    start_s, end_s = config.start_time_seconds, config.end_time_seconds
    if end_s is not None and end_s <= (start_s or 0):
        raise InvalidRequest(f"{field}end_time_seconds: must be after the start.")
    return _sampling(config, config.thumbnails_config, start_s, end_s)


def collection_sampling_from_wire(config: wire.CollectionFaces | None) -> Sampling:
    """Which frames of a collection's videos are looked at."""
    if config is None:
        return Sampling()
    return _sampling(config.frame_extraction_config, config.thumbnails_config, None, None)


def _sampling(
    frames: wire.UniformFrames | None,
    thumbnails: wire.ThumbnailsConfig | None,
    start_s: float | None,
    end_s: float | None,
) -> Sampling:
    default = Sampling()
    uniform = (frames and frames.uniform_config) or wire.UniformConfig()
    kept = None if thumbnails is None else thumbnails.enable_frame_thumbnails
    rate, width = uniform.frames_per_second, uniform.max_width
    return Sampling(
        frames_per_second=default.frames_per_second if rate is None else rate,
        # a frame of 640 pixels is no wider than 640.5
        max_width_px=default.max_width_px if width is None else int(width),
        start_s=start_s,
        end_s=end_s,
        keeps_thumbnails=default.keeps_thumbnails if kept is None else kept,
    )


def threshold_from_wire(threshold: float | None) -> float | None:
    """A least similarity as a least score."""
    return None if threshold is None else threshold / 100
