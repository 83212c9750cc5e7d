"""Blob storage: pictures and face crops, in a folder or in a bucket, by one interface."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from visavis.errors import NotFound, StorageError
from visavis.store.blob_streams import READ_BYTES, BlobReader, BlobWriter

# How obstore names a file in a folder until it is whole.
_UNFINISHED = re.compile(r".+#[0-9]+")


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
        self._folder: Path | None = None
        if parts.scheme == "file":
            self._folder = Path(parts.path)
            # Faces are nobody else's business on a shared machine.
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: ObjectStore = LocalStore(self._folder)
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

    def writer(self, key: str) -> BlobWriter:
        """Streams a large blob: ``async with blobs.writer(key) as writer: await writer.write(data)``.

        On leaving normally the blob is there whole, in place of an earlier one. On an exception nothing of it remains,
        and an earlier one stays. Entering, writing and leaving raise StorageError when the storage fails.
        """
        return BlobWriter(self._store, key)

    def reader(self, key: str) -> BinaryIO:
        """A large blob as a seekable file, read in pieces of 1 MiB. It blocks: for a thread, and one at a time.

        Raises:
            NotFound: there is nothing under the key; also while reading.
            StorageError: the storage fails; also while reading.
        """
        return io.BufferedReader(BlobReader(self._store, key), READ_BYTES)

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

    async def delete_prefix(self, prefix: str) -> None:
        """Remove every blob whose key begins with ``prefix`` and a slash; none is no error.

        Raises:
            ValueError: the prefix is empty, which would mean everything.
            StorageError: the storage fails.
        """
        if not prefix.strip("/"):
            raise ValueError("delete_prefix needs a prefix")
        try:
            keys = [entry.key async for entry in self.entries(prefix)]
        except BaseError as error:
            raise StorageError("The blob storage does not answer.") from error
        await self.delete(keys)

    async def remove_unfinished(self, prefix: str, *, before: datetime) -> int:
        """Remove halves of blobs below a prefix, whose writers have died before a moment; how many it were.

        They lie in folders, where nothing lists them. Buckets forget them by a rule of their own.
        """
        if self._folder is None:
            return 0
        return await asyncio.to_thread(_remove_unfinished, self._folder / prefix, before.timestamp())

    async def entries(self, prefix: str = "") -> AsyncIterator[BlobEntry]:
        """Every blob whose key begins with ``prefix`` and a slash; all of them for none."""
        async for chunk in obstore.list(self._store, prefix=prefix or None):
            for entry in chunk:
                yield BlobEntry(entry["path"], entry["last_modified"])


def _remove_unfinished(folder: Path, before_s: float) -> int:
    removed = 0
    for path in folder.rglob("*#*"):
        with contextlib.suppress(FileNotFoundError):  # it was finished just now
            if _UNFINISHED.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < before_s:
                path.unlink()
                removed += 1
    return removed
