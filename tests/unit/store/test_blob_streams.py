"""Large blobs, written and read piece by piece."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from support.films import film, number_of
from visavis.errors import NotFound, StorageError
from visavis.media.video_files import probe_video
from visavis.media.video_frames import sample_frames
from visavis.store.blobs import Blobs

KEY = "acme/file/video"
PIECE = bytes(range(256)) * 4096  # 1 MiB
PIECES = 20  # more than is held back before the first part is sent


class Interrupted(Exception):
    """Whatever goes wrong while a file is received."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> Blobs:
    return Blobs(folder.as_uri())


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def write(blobs: Blobs, pieces: int) -> None:
    async with blobs.writer(KEY) as writer:
        for _ in range(pieces):
            await writer.write(PIECE)


async def write_in_vain(blobs: Blobs, pieces: int) -> None:
    async with blobs.writer(KEY) as writer:
        for _ in range(pieces):
            await writer.write(PIECE)
        raise Interrupted


@pytest.mark.parametrize("pieces", [0, 1, PIECES])
async def test_what_was_written_is_there_whole(blobs, folder, pieces):
    await write(blobs, pieces)
    assert await blobs.get(KEY) == PIECE * pieces
    assert files(folder) == [KEY]


async def test_a_blob_is_not_there_before_it_is_whole(blobs):
    async with blobs.writer(KEY) as writer:
        for _ in range(PIECES):
            await writer.write(PIECE)
        with pytest.raises(NotFound):
            await blobs.get(KEY)
        assert [entry async for entry in blobs.entries()] == []


@pytest.mark.parametrize("pieces", [1, PIECES])
async def test_an_exception_leaves_nothing(blobs, folder, pieces):
    with pytest.raises(Interrupted):
        await write_in_vain(blobs, pieces)
    assert files(folder) == []


async def test_an_exception_leaves_the_earlier_blob(blobs, folder):
    await blobs.put(KEY, b"earlier")
    with pytest.raises(Interrupted):
        await write_in_vain(blobs, PIECES)
    assert await blobs.get(KEY) == b"earlier"
    assert files(folder) == [KEY]


async def test_being_cancelled_leaves_nothing(blobs, folder):
    is_written = asyncio.Event()

    async def endless() -> None:
        async with blobs.writer(KEY) as writer:
            for _ in range(PIECES):
                await writer.write(PIECE)
            is_written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(endless())
    await is_written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(folder) == []


async def test_a_storage_that_refuses_is_a_storage_error(blobs, folder):
    (folder / "acme").write_bytes(b"a file where a folder should be")
    with pytest.raises(StorageError):
        await write(blobs, PIECES)


async def test_a_blob_is_read_from_any_place(blobs):
    await write(blobs, 3)
    whole = PIECE * 3

    def look() -> None:
        with blobs.reader(KEY) as file:
            assert file.seekable()
            assert file.readable()
            assert file.seek(0, io.SEEK_END) == len(whole)
            assert file.read(1) == b""
            for offset in (0, 1, 300, len(PIECE) - 2, 2 * len(PIECE) + 77, 5):
                assert file.seek(offset) == offset
                assert file.read(1000) == whole[offset : offset + 1000]
                assert file.tell() == offset + 1000
            file.seek(-3, io.SEEK_CUR)
            assert file.read(3) == whole[1002:1005]
            file.seek(-10, io.SEEK_END)
            assert file.read(100) == whole[-10:]
            file.seek(0)
            assert file.read() == whole

    await asyncio.to_thread(look)


async def test_a_video_is_read_where_it_is_stored(blobs):
    async with blobs.writer(KEY) as writer:
        await writer.write(film())
    with blobs.reader(KEY) as file:
        assert probe_video(file) == probe_video(io.BytesIO(film()))
        frames = list(sample_frames(file, [0.5, 5.5], max_width_px=640, seek_points_s=[0, 2, 4]))
    assert [number_of(frame.image_rgb) for frame in frames] == [12, 137]


async def test_a_blob_that_is_not_there_is_not_found(blobs):
    with pytest.raises(NotFound):
        blobs.reader(KEY)


async def test_a_blob_that_is_removed_while_it_is_read_is_not_found(blobs):
    await write(blobs, 3)
    with blobs.reader(KEY) as file:
        file.read(10)
        await blobs.delete([KEY])
        file.seek(2 * len(PIECE))
        with pytest.raises(NotFound):
            file.read(10)


async def test_everything_below_a_prefix_is_removed_and_nothing_else(blobs, folder):
    kept = ["acme/file", "acme/file2/video", "globex/file/video"]
    for key in ["acme/file1/video", "acme/file1/frames/1", "acme/file1/frames/2", *kept]:
        await blobs.put(key, b"x")
    for _ in range(2):  # nothing left to remove is no error
        await blobs.delete_prefix("acme/file1")
        assert files(folder) == kept


@pytest.mark.parametrize("prefix", ["", "/"])
async def test_no_prefix_does_not_mean_everything(blobs, prefix):
    with pytest.raises(ValueError, match="prefix"):
        await blobs.delete_prefix(prefix)
