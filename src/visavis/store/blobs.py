"""Blob storage: pictures and face crops, in a folder or in a bucket, by one interface."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from visavis.errors import NotFound, StorageError


@dataclass(frozen=True, slots=True)
class BlobEntry:
    """A blob without its bytes."""

    key: str
    modified_at: datetime


class Blobs:
    """Bytes under a key such as ``organization/job/image``.

    ``url`` is ``file:///folder``, ``s3://bucket/prefix``, ``gs://...`` or ``az://...``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            folder = Path(parts.path)
            # Faces are nobody else's business on a shared machine.
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: ObjectStore = LocalStore(folder)
        else:
            self._store = from_url(url)

    async def put(self, key: str, data: bytes) -> None:
        """Store bytes; a second put of the same key replaces the first."""
        try:
            await obstore.put_async(self._store, key, data, use_multipart=False)
        except BaseError as error:
            raise StorageError("The blob storage refused a picture.") from error

    async def get(self, key: str) -> bytes:
        """The bytes under a key.

        Raises:
            NotFound: there is nothing under it.
            StorageError: the storage fails.
        """
        try:
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound("The picture is no longer stored.") from error
        except BaseError as error:
            raise StorageError("The blob storage does not answer.") from error

    async def ping(self) -> None:
        """Ask the storage for a sign of life.

        Raises:
            StorageError: it gives none.
        """
        with contextlib.suppress(NotFound):
            await self.get("ping")

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove blobs; keys that are not there are no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                continue
            except BaseError as error:
                raise StorageError("The blob storage does not delete.") from error

    async def entries(self, prefix: str = "") -> AsyncIterator[BlobEntry]:
        """Every blob whose key begins with ``prefix`` and a slash; all of them for none."""
        async for chunk in obstore.list(self._store, prefix=prefix or None):
            for entry in chunk:
                yield BlobEntry(entry["path"], entry["last_modified"])
