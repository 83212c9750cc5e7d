"""Where the bytes of a job's picture come from: our storage, an address of somebody else's, or an address of ours."""

from __future__ import annotations

from typing import Any

import structlog

from visavis.accounts.media_links import MediaLinks
from visavis.errors import FetchError, FetchFailed, NotFound, NotPermitted
from visavis.jobs.intake import picture_key
from visavis.jobs.pictures import LoadedPicture, Outcome
from visavis.media.fetch import Fetcher
from visavis.records import ImageStatus, Job, JobImage
from visavis.store.blobs import Blobs

_log = structlog.get_logger(__name__)


class Sources:
    """Loads pictures, and keeps a copy of those that are not ours yet."""

    def __init__(self, blobs: Blobs, fetcher: Fetcher, media_links: MediaLinks) -> None:
        self._blobs = blobs
        self._fetcher = fetcher
        self._media_links = media_links

    async def load(self, job: Job, image: JobImage) -> LoadedPicture | Outcome[Any]:
        """A picture with its bytes, or why there are none.

        Raises:
            StorageError: our storage fails, which is no fault of the picture.
        """
        try:
            if image.source_url is None and image.blob_key is not None:
                return LoadedPicture(image, image.blob_key, await self._blobs.get(image.blob_key))
            data = await self._behind(job, image.source_url or "")
        except FetchError as error:
            _log.info("picture not fetched", image=str(image.id), error=error.code)
            return Outcome(image, ImageStatus.DOWNLOAD_ERROR)
        except NotFound:
            _log.error("stored picture is gone", image=str(image.id))
            return Outcome(image, ImageStatus.UNKNOWN_ERROR)
        key = picture_key(f"{job.organization_id}/{job.id}", image.id)
        await self._blobs.put(key, data)
        return LoadedPicture(image, key, data)

    async def _behind(self, job: Job, url: str) -> bytes:
        """The bytes behind an address.

        A client may send back an address that it got from us. Its picture is read where it lies: we are perhaps at a
        private address, which is not called.
        """
        own = self._own_key(job, url)
        if own is None:
            return (await self._fetcher.fetch(url)).data
        try:
            return await self._blobs.get(own)
        except NotFound as error:
            raise FetchFailed("The picture is no longer stored.") from error

    def _own_key(self, job: Job, url: str) -> str | None:
        if job.base_url is None:
            return None
        try:
            resource = self._media_links.resource_of(url, job.base_url)
        except NotPermitted as error:
            raise FetchFailed(error.message) from error
        prefix = f"pictures/{job.organization_id}/"
        if resource is None or not resource.startswith(prefix):
            return None  # somebody else's address, or the crop of a face, which is made at every call
        return resource.removeprefix("pictures/")
