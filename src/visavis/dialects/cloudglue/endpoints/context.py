"""What every route has at hand, and the few steps that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from visavis.accounts.media_links import MediaLinks
from visavis.dialects.cloudglue import requests
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue.access import Guard, guard
from visavis.dialects.cloudglue.addresses import video_from_wire
from visavis.dialects.cloudglue.links import Links
from visavis.errors import InvalidRequest, required
from visavis.records import Application
from visavis.store import frame_extractions, video_files
from visavis.store.database import Database, Transaction
from visavis.video_records import FrameExtraction, Listing, Sampling, VideoFile, VideoStatus
from visavis.videos.collecting import Collecting
from visavis.videos.erasure import Erasure
from visavis.videos.intake import VideoIntake
from visavis.videos.searching import FaceSearches

# More rows than a list can have.
_MAX_OFFSET = 2**53 - 1

Limit = Annotated[int, Query(ge=1, le=100, description="Rows of a page.")]
Offset = Annotated[int, Query(ge=0, le=_MAX_OFFSET, description="Rows before the page.")]
Day = Annotated[str | None, Query(description="A day, YYYY-MM-DD, in UTC.", json_schema_extra={"format": "date"})]
Instant = Annotated[str | None, Query(description="An instant in ISO 8601.", json_schema_extra={"format": "date-time"})]
Filter = Annotated[str | None, Query(description="JSON text of a filter by metadata, video_info or file.")]
Sort = Literal["asc", "desc"]
Status = Literal["pending", "processing", "completed", "failed"]
FileStatus = Literal["pending", "processing", "completed", "failed", "not_applicable"]

# For the page that describes the API.
FAILURES: dict[int | str, dict[str, Any]] = {
    400: {"model": wire.Error, "description": "The request is wrong."},
    401: {"model": wire.Error, "description": "The API key is missing or unknown."},
    403: {"model": wire.Error, "description": "The application may not do this."},
    500: {"model": wire.Error, "description": "The server failed."},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    **FAILURES,
    404: {"model": wire.Error, "description": "There is no such resource."},
}


@dataclass(frozen=True, slots=True)
class Context:
    """The parts behind the routes. ``public_url``: where clients find us; None: wherever each request came to."""

    database: Database
    intake: VideoIntake
    erasure: Erasure
    collecting: Collecting
    searches: FaceSearches
    media_links: MediaLinks
    public_url: str | None
    media_url_ttl_seconds: int

    def guard(self, scope: str) -> Guard:
        """A dependency that gives the application behind a request, if it may do this."""
        return guard(self.database, scope)

    def links(self, request: Request) -> Links:
        """Addresses of thumbnails, as the client of this request can reach them."""
        base_url = self.public_url or f"{request.url.scheme}://{request.url.netloc}"
        return Links(self.media_links, base_url, self.media_url_ttl_seconds)

    async def video(self, db: Transaction, application: Application, address: str, field: str) -> VideoFile:
        """The file behind an address; one on the web becomes a file that is yet to be fetched.

        Raises:
            InvalidRequest: it is no address of a video.
            NotFound: the organisation has no such file.
        """
        video = video_from_wire(address, field)
        if isinstance(video, UUID):
            return required(await video_files.get(db, application.organization_id, video), "file")
        return await self.intake.accept_address(db, application, video)

    async def frames(
        self,
        db: Transaction,
        application: Application,
        file: VideoFile,
        extraction_id: UUID | None,
        config: wire.FrameExtractionConfig | None,
    ) -> FrameExtraction | Sampling:
        """The frames of a file that a request names; else what it says of new ones, or the usual.

        Raises:
            InvalidRequest: the frames named are another file's, or those described cannot be.
            NotFound: the organisation has no such frames.
        """
        if extraction_id is None:
            return requests.sampling_from_wire(config, "frame_extraction_config.")
        found = await frame_extractions.get(db, application.organization_id, extraction_id)
        extraction = required(found, "frame extraction")
        if extraction.file_id != file.id:
            raise InvalidRequest("frame_extraction_id: these frames are of another file.")
        return extraction


def body(model: type[BaseModel]) -> dict[str, Any]:
    """What the API's description says of a body that the route reads by itself."""
    schema = model.model_json_schema(by_alias=True)
    content = {"application/json": {"schema": _inlined(schema, schema.pop("$defs", {}))}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema with its definitions where they are used: it lies where its own references would lead nowhere."""
    if isinstance(part, list):
        return [_inlined(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _inlined(definitions[part["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(each, definitions) for name, each in part.items()}


def answer(resource: BaseModel) -> Response:
    """A resource; fields without a value are left out."""
    return Response(resource.model_dump_json(exclude_none=True), media_type="application/json")


def id_in_path(text: str, what: str) -> UUID:
    """The id of a resource.

    Raises:
        NotFound: it cannot be one of ours.
    """
    return required(requests.id_from_wire(text), what)


def of_days(limit: Limit = 50, offset: Offset = 0, created_before: Day = None, created_after: Day = None) -> Listing:
    """The parameters of a list of what was made in some days, newest first; a dependency."""
    return listing(
        limit,
        offset,
        after=requests.day_from_wire(created_after, "created_after"),
        before=requests.day_from_wire(created_before, "created_before"),
    )


OfDays = Annotated[Listing, Depends(of_days)]


def of_days_and_status(of_days: OfDays, status: Status | None = None) -> Listing:
    """The parameters of a list of jobs; a dependency."""
    return replace(of_days, status=None if status is None else VideoStatus(status))


OfDaysAndStatus = Annotated[Listing, Depends(of_days_and_status)]


def listing(
    limit: int,
    offset: int,
    *,
    status: str | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
) -> Listing:
    """A list of what was created in a time, newest first."""
    return Listing(
        limit=limit,
        offset=offset,
        status=None if status is None else VideoStatus(status),
        after=after,
        before=before,
    )
