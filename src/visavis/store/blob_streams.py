"""Blobs too large to hold in memory: written and read piece by piece."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore

from visavis.errors import NotFound, StorageError

if TYPE_CHECKING:
    from typing import Self

    from _typeshed import WriteableBuffer
    from obstore import AsyncWritableFile

MIB: Final = 1024 * 1024

_PART_BYTES: Final = 8 * MIB  # of one upload; S3 wants at least 5 MiB, and no more than 10,000 of them
_PARTS_AT_ONCE: Final = 2
READ_BYTES: Final = MIB


class BlobWriter:
    """Streams a blob to the storage; ``Blobs.writer`` gives one.

    The blob comes into being when the block is left normally. An exception leaves nothing of it: obstore uploads to a
    place of its own and takes that back (in a folder: a file named ``key#1``, renamed at the end).
    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        self._store = store
        self._key = key
        self._file: AsyncWritableFile | None = None

    async def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            StorageError: the storage fails.
        """
        if self._file is None:
            raise ValueError("write inside of the block")
        with _writing():
            await self._file.write(data)

    async def __aenter__(self) -> Self:
        with _writing():
            self._file = obstore.open_writer_async(
                self._store, self._key, buffer_size=_PART_BYTES, max_concurrency=_PARTS_AT_ONCE
            )
            await self._file.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        file, self._file = self._file, None
        if file is not None:
            with _writing():
                await file.__aexit__(exc_type, exc_value, traceback)


class BlobReader(io.RawIOBase):
    """A blob as a file: seekable, unbuffered, for any thread but one at a time."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        super().__init__()
        self._failure: NotFound | StorageError | None = None
        with self._reading():
            self._file = obstore.open_reader(store, key, buffer_size=READ_BYTES)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        with self._reading():
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        with self._reading():
            return self._file.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        with self._reading():
            data = self._file.read(len(view))
        view[: len(data)] = memoryview(data)
        return len(data)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        if self._failure is not None:
            # obstore panics when a reader that has failed is asked again, and FFmpeg asks again.
            raise self._failure
        try:
            yield
        except (NotFoundError, FileNotFoundError) as error:
            self._failure = NotFound("The file is no longer stored.")
            raise self._failure from error
        except (BaseError, OSError) as error:
            self._failure = StorageError("The blob storage does not answer.")
            raise self._failure from error


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageError("The blob storage refused a file.") from error
