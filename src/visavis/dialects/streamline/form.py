"""Reading the form of a new photo match: two photos, perhaps a reference; all faults are told together."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from visavis.dialects.streamline.editions import Edition
from visavis.dialects.streamline.errors import InvalidFields

MAX_PHOTO_BYTES = 5 * 1024 * 1024
MAX_REFERENCE = 256

# Two photos that are too large, by half, are still told apart by field; what is more is not read.
_MAX_BODY_BYTES = 4 * MAX_PHOTO_BYTES
_MAX_PARTS = 16

_MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "ico": "image/x-icon",
    "png": "image/png",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
# What programs send beside those.
_MORE_MEDIA_TYPES = {
    "image/pjpeg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/vnd.microsoft.icon": "image/x-icon",
    "image/ico": "image/x-icon",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
}
ENDINGS = tuple(_MEDIA_TYPES)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it was sent."""

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class PhotoMatchForm:
    """A form that is right."""

    subject: Photo
    target: Photo
    external_reference: str | None


async def read_form(request: Request, edition: Edition) -> PhotoMatchForm:
    """The form of a request.

    Raises:
        InvalidFields: it is none, or fields of it are wrong.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidFields({"body": ["must be multipart/form-data."]})
    parser = MultiPartParser(request.headers, _limited(request), max_files=_MAX_PARTS, max_fields=_MAX_PARTS)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        message = error.message if isinstance(error, MultiPartException) else "is no form that can be read"
        raise InvalidFields({"body": [f"{message.rstrip('.')}."]}) from error
    try:
        return await _checked(form, edition)
    finally:
        await form.close()


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    too_large = InvalidFields({"body": [f"is too large: each photo may have at most {MAX_PHOTO_BYTES} bytes (5 MB)."]})
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > _MAX_BODY_BYTES:
        raise too_large
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > _MAX_BODY_BYTES:
            raise too_large
        yield chunk


async def _checked(form: FormData, edition: Edition) -> PhotoMatchForm:
    values: dict[str, list[UploadFile | str]] = {}
    for name, value in form.multi_items():
        values.setdefault(name.lower(), []).append(value)
    faults: dict[str, list[str]] = {}
    photos: dict[str, Photo] = {}
    for name in (edition.subject_field, edition.target_field):
        photo = await _photo(values.get(name.lower(), []))
        if isinstance(photo, str):
            faults[name] = [photo]
        else:
            photos[name] = photo
    reference, fault = _reference(values.get("externalreference", []))
    if fault is not None:
        faults["externalReference"] = [fault]
    if faults:
        raise InvalidFields(faults)
    return PhotoMatchForm(photos[edition.subject_field], photos[edition.target_field], reference)


async def _photo(values: list[UploadFile | str]) -> Photo | str:
    """The photo, or what is wrong with it. Nobody opens it here: that takes time, and is the job's work."""
    if not values:
        return "is required: a picture as a file."
    if len(values) > 1:
        return "is there more than once."
    [value] = values
    if isinstance(value, str):
        return "must be a file, with a file name."
    media_type = _media_type(value)
    if media_type is None:
        return f"must be a picture whose file name ends in one of: {', '.join(ENDINGS)}."
    data = await value.read(MAX_PHOTO_BYTES + 1)
    if not data:
        return "is empty."
    if len(data) > MAX_PHOTO_BYTES:
        return f"is too large: at most {MAX_PHOTO_BYTES} bytes (5 MB) are allowed."
    return Photo(data, media_type)


def _media_type(file: UploadFile) -> str | None:
    """By the ending of the file's name; where it has none, by the type that the client gave."""
    _, dot, ending = (file.filename or "").rpartition(".")
    if dot:
        return _MEDIA_TYPES.get(ending.lower())
    given = (file.content_type or "").partition(";")[0].strip().lower()
    return given if given in _MEDIA_TYPES.values() else _MORE_MEDIA_TYPES.get(given)


def _reference(values: list[UploadFile | str]) -> tuple[str | None, str | None]:
    """The reference and no fault, or a fault."""
    if not values:
        return None, None
    [value, *others] = values
    if others:
        return None, "is there more than once."
    if not isinstance(value, str):
        return None, "must be text."
    if len(value) > MAX_REFERENCE:
        return None, f"may have at most {MAX_REFERENCE} characters."
    if "\x00" in value:
        return None, "must not contain the character U+0000."
    return value, None
