"""Reading the form of an upload: the file goes on as it comes in, and is never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.requests import filename_from_wire
from visavis.errors import InvalidRequest, UnsupportedMedia, VisavisError

Sink = Callable[[bytes], Awaitable[object]]
"""Takes the file's bytes, piece by piece."""

MAX_METADATA_BYTES: Final = 1024 * 1024

# What is in a form beside the file, fields that nobody knows included.
_MAX_OTHER_BYTES = 2 * MAX_METADATA_BYTES
_MAX_PARTS = 64

# A client that is still sending does not see the answer. So much more is read before it is given.
_READ_ON_BYTES = 16 * 1024 * 1024

_NOT_TOLD = ("", "application/octet-stream", "binary/octet-stream")
_VIDEO_BY_ANOTHER_NAME = ("application/mp4", "application/x-matroska", "application/mxf", "application/ogg")

_METADATA: Final[TypeAdapter[dict[str, Any]]] = TypeAdapter(wire.Metadata)


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a form says of its file, whose bytes have gone to the sink."""

    filename: str
    metadata: Mapping[str, Any] | None


async def read_upload(request: Request, sink: Sink) -> UploadForm:
    """Read the form of a request and hand on the bytes of its file.

    Raises:
        InvalidRequest: it is no form that can be read, lacks the file, or has fields that are wrong.
        UnsupportedMedia: the file is declared to be something else than a video.
        VisavisError: what the sink raises.
    """
    chunks = request.stream()
    form = _Form()
    try:
        parser = MultipartParser(_boundary(request), form.callbacks())
        async for chunk in chunks:
            parser.write(chunk)
            for piece in form.take():
                await sink(piece)
        return form.checked()
    except FormParserError as error:
        await _read_on(chunks)
        raise InvalidRequest("The form is damaged: it cannot be read as multipart/form-data.") from error
    except ClientDisconnect as error:
        raise InvalidRequest("The client went away before the end of the form.") from error
    except VisavisError:
        await _read_on(chunks)
        raise


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise InvalidRequest("The body must be multipart/form-data with a boundary.")
    return boundary


async def _read_on(chunks: AsyncIterator[bytes]) -> None:
    left = _READ_ON_BYTES
    try:
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                return
    except ClientDisconnect:
        return


class _Form:
    """What the parser has told of so far. Bytes of the file lie here until they are taken, a chunk's at most."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._fields: dict[str, bytearray] = {}
        self._filename: str | None = None
        self._part = ""
        self._parts = 0
        self._other_bytes = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._headers: dict[bytes, str] = {}
        self._is_whole = False

    def callbacks(self) -> Any:
        """Where the parser tells of what it reads."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value_part,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_end": self._end,
        }

    def take(self) -> list[bytes]:
        """The file's bytes that have come since the last time."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def checked(self) -> UploadForm:
        """The form when all of it is read.

        Raises:
            InvalidRequest: it ends early, lacks the file, or has fields that are wrong.
        """
        if not self._is_whole:
            raise InvalidRequest("The form is damaged: it ends before its last boundary.")
        if self._filename is None:
            raise InvalidRequest("file: is required, as a part of the form.")
        flag = self._fields.get("enable_segment_thumbnails")
        if flag is not None and bytes(flag.lower()) not in (b"true", b"false"):
            raise InvalidRequest("enable_segment_thumbnails: must be true or false.")
        return UploadForm(self._filename, _metadata(self._fields.get("metadata")))

    def _part_begin(self) -> None:
        self._headers = {}
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise InvalidRequest(f"The form may have at most {_MAX_PARTS} parts.")

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value_part(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._header_name).lower()] = self._header_value.decode("latin-1")
        self._header_name, self._header_value = bytearray(), bytearray()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if b"name" not in options:
            raise InvalidRequest("The form is damaged: a part of it has no name.")
        self._part = _decoded(options[b"name"])
        if self._part == "file":
            self._file_begin(_decoded(options.get(b"filename", b"")))
        elif self._part in self._fields:
            raise InvalidRequest(f"{self._part[:64]}: is there more than once.")
        elif self._part in ("metadata", "enable_segment_thumbnails"):
            self._fields[self._part] = bytearray()

    def _file_begin(self, filename: str) -> None:
        if self._filename is not None:
            raise InvalidRequest("file: is there more than once.")
        media_type = self._headers.get(b"content-type", "").partition(";")[0].strip().lower()
        known = _NOT_TOLD + _VIDEO_BY_ANOTHER_NAME
        # What is in it, the bytes say; but nobody who declares a song or a picture means a video.
        if media_type not in known and not media_type.startswith("video/"):
            raise UnsupportedMedia(f"file: is declared as {media_type[:64]}, which is no kind of video.")
        self._filename = filename_from_wire(filename)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part == "file":
            self._pieces.append(data[start:end])
            return
        self._other_bytes += end - start
        if self._other_bytes > _MAX_OTHER_BYTES:
            raise InvalidRequest(f"The form may have at most {_MAX_OTHER_BYTES} bytes beside its file.")
        if self._part in self._fields:
            self._fields[self._part] += data[start:end]

    def _end(self) -> None:
        self._is_whole = True


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _metadata(text: bytearray | None) -> Mapping[str, Any] | None:
    if text is None:
        return None
    if len(text) > MAX_METADATA_BYTES:
        raise InvalidRequest(f"metadata: may have at most {MAX_METADATA_BYTES} bytes.")
    try:
        return _METADATA.validate_json(bytes(text), strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
        raise InvalidRequest(f"metadata: must be a JSON object: {fault.removeprefix('Value error, ')}") from None
