"""Files: taken in, fetched, looked into once, erased whole; and what a dead process has left behind is found."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from support import films
from support.people import EILEEN, jpeg
from support.picture_host import PictureHost
from support.video_bench import MAX_VIDEO_BYTES, VideoBench, open_video_bench
from visavis.errors import NotFound, TooLarge
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoTask
from visavis.store.database import Database
from visavis.video_records import Sampling, VideoFile, VideoStatus
from visavis.videos.housekeeping import remove_orphans
from visavis.videos.layout import extraction_prefix, original_key, poster_key


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[VideoBench]:
    async with open_video_bench(database, engine, tmp_path / "blobs") as parts:
        yield parts


@pytest.fixture
def host() -> Iterator[PictureHost]:
    with PictureHost() as running:
        yield running


async def accept(bench: VideoBench, url: str) -> VideoFile:
    async with bench.database.transaction() as db:
        return await bench.intake.accept_address(db, bench.application, url)


async def erase(bench: VideoBench, file: VideoFile) -> None:
    async with bench.database.transaction() as db:
        await bench.erasure.file(db, file)


async def test_a_file_is_looked_into_once_and_its_poster_is_there(bench: VideoBench) -> None:
    data = films.film(audio=True)
    file = await bench.upload(data, {"place": "door"}, "door.mp4")
    assert (file.status, file.info, file.has_poster) == (VideoStatus.PENDING, None, False)
    [entry] = await bench.take(VideoTask.FILE)
    await bench.work.run(entry)
    first = await bench.file(file.id), await bench.keys()
    for _ in range(2):
        await bench.work.run(entry)
        await bench.give_up(entry)
    assert (await bench.file(file.id), await bench.keys()) == first
    looked_into = first[0]
    assert looked_into.status == VideoStatus.COMPLETED
    assert looked_into.info is not None
    assert looked_into.info.duration_s == pytest.approx(6, abs=0.05)
    assert looked_into.info.has_audio
    assert (looked_into.byte_count, looked_into.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert first[1] == {
        original_key(file.organization_id, file.id),
        poster_key(file.organization_id, file.id),
    }


async def test_a_file_in_two_workers_at_once_begins_what_waits_for_it_once(bench: VideoBench) -> None:
    file = await bench.upload(films.film())
    detection = await bench.detection(file, Sampling(1))
    [entry] = await bench.take(VideoTask.FILE)
    await asyncio.gather(*(bench.work.run(entry) for _ in range(4)))
    assert len(await bench.waiting(VideoTask.FRAMES)) == 1
    await bench.run_all()
    assert (await bench.detection_now(detection)).face_count == 4


async def test_what_is_asked_while_a_worker_ends_the_file_is_never_overlooked(bench: VideoBench) -> None:
    for _ in range(5):
        file = await bench.upload(films.film())
        [entry] = await bench.take(VideoTask.FILE)
        looking = asyncio.create_task(bench.work.run(entry))
        detections = await asyncio.gather(*(bench.detection(file, Sampling(rate)) for rate in (0.5, 1, 1)))
        await looking
        await bench.run_all()
        assert [(await bench.detection_now(each)).face_count for each in detections] == [2, 4, 4]


async def test_an_upload_that_breaks_off_leaves_nothing(bench: VideoBench) -> None:
    async def break_off() -> None:
        async with bench.intake.receiving(bench.application.organization_id) as upload:
            await upload.write(films.film())
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await break_off()
    assert await bench.keys() == set()
    assert await bench.waiting() == []


async def test_an_upload_that_is_too_large_is_refused_and_leaves_nothing(bench: VideoBench) -> None:
    async def send_too_much() -> None:
        async with bench.intake.receiving(bench.application.organization_id) as upload:
            for _ in range(MAX_VIDEO_BYTES // 1_000_000 + 1):
                await upload.write(bytes(1_000_000))

    with pytest.raises(TooLarge):
        await send_too_much()
    assert await bench.keys() == set()
    assert [path for path in bench.folder.rglob("*") if path.is_file()] == []


async def test_a_file_that_keeps_killing_its_worker_cannot_be_used(bench: VideoBench) -> None:
    file = await bench.upload(films.film())
    detection = await bench.detection(file, Sampling(1))
    [entry] = await bench.take(VideoTask.FILE)
    await bench.give_up(entry)
    for ended in (await bench.file(file.id), await bench.detection_now(detection)):
        assert (ended.status, ended.failure) == (VideoStatus.FAILED, "The video could not be processed.")


async def test_while_the_storage_is_away_a_file_waits(bench: VideoBench) -> None:
    file = await bench.upload(films.film())
    away = bench.folder.rename(bench.folder.with_name("away"))
    bench.folder.write_text("not a folder")
    [entry] = await bench.take(VideoTask.FILE)
    await bench.work.run(entry)
    assert (await bench.file(file.id)).status == VideoStatus.PROCESSING
    [waiting] = await bench.waiting(VideoTask.FILE)
    assert (waiting.subject, waiting.attempts, waiting.waits) == (entry.subject, 0, 1)
    bench.folder.unlink()
    away.rename(bench.folder)
    await bench.run_all()
    assert (await bench.file(file.id)).status == VideoStatus.COMPLETED


# --- fetched ones ---------------------------------------------------------------------------------------------


async def test_a_file_at_an_address_is_fetched_kept_and_looked_into(bench: VideoBench, host: PictureHost) -> None:
    data = films.film()
    file = await accept(bench, host.answer("/films/one.mp4?for=you#here", 200, {}, data))
    assert (file.filename, file.byte_count) == ("one.mp4", None)
    host.answer("/films/one.mp4?for=you", 200, {}, data)
    await bench.run_all()
    fetched = await bench.file(file.id)
    assert fetched.status == VideoStatus.COMPLETED
    assert (fetched.byte_count, fetched.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert await bench.blobs.get(original_key(file.organization_id, file.id)) == data


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"nothing here", "The video could not be fetched: "),
        (200, b"<html>a page</html>", "The file is no video of a supported format."),
        (200, b"", "The video is empty."),
        (200, bytes(MAX_VIDEO_BYTES + 1), "The video could not be fetched: "),
    ],
    ids=["missing", "page", "empty", "large"],
)
async def test_an_address_without_a_video_says_why_and_so_does_what_waits_for_it(
    bench: VideoBench, host: PictureHost, status: int, body: bytes, said: str
) -> None:
    file = await accept(bench, host.answer("/film.mp4", status, {}, body))
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    failed = await bench.file(file.id)
    assert failed.status == VideoStatus.FAILED
    assert failed.failure is not None
    assert failed.failure.startswith(said)
    assert (await bench.detection_now(detection)).failure == failed.failure


@pytest.mark.parametrize("is_video", [True, False])
async def test_a_file_erased_while_it_is_fetched_leaves_nothing(bench: VideoBench, is_video: bool) -> None:
    body = films.film() if is_video else b"once upon a time"
    begun, erased = asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body[:8]))
        begun.set()
        await erased.wait()
        writer.write(body[8:])
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as slow:
        file = await accept(bench, f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/film.mp4")
        [entry] = await bench.take(VideoTask.FILE)
        fetching = asyncio.create_task(bench.work.run(entry))
        await begun.wait()
        await erase(bench, file)
        await bench.run_all()
        erased.set()
        await fetching
    assert await bench.keys() == set()
    assert await bench.count("video_file") == 0


async def test_a_file_whose_bytes_vanish_while_it_is_looked_into_harms_nobody_else(bench: VideoBench) -> None:
    for _ in range(5):
        file, other = await bench.upload(films.film()), await bench.upload(films.film())
        entries = await bench.take(VideoTask.FILE)
        looking = asyncio.gather(*(bench.work.run(entry) for entry in entries))
        while (await bench.file(file.id)).status == VideoStatus.PENDING:
            pass
        await erase(bench, file)
        await bench.run_all(VideoTask.ERASE)
        await looking
        assert (await bench.file(other.id)).status == VideoStatus.COMPLETED
        await erase(bench, other)
    await bench.run_all()
    assert await bench.keys() == set()


async def test_a_reader_whose_bytes_are_gone_says_so_however_often_it_is_asked(bench: VideoBench) -> None:
    await bench.blobs.put("videos/1", bytes(4_000_000))
    with bench.blobs.reader("videos/1") as reader:
        assert reader.read(10) == bytes(10)
        await bench.blobs.delete(["videos/1"])
        for _ in range(3):
            with pytest.raises(NotFound):
                reader.read(3_000_000)


# --- erasure --------------------------------------------------------------------------------------------------


async def test_a_file_is_erased_with_everything_that_was_made_of_it_and_nothing_else(bench: VideoBench) -> None:
    kept = await bench.film(films.film())
    await bench.detection(kept, Sampling(1))
    await bench.run_all()
    tables = ("video_file", "frame_extraction", "frame", "video_unit", "face_detection", "video_face")
    before = await bench.keys(), [await bench.count(table) for table in tables]
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(EILEEN, 2))
    await bench.run_all()
    assert (await bench.match_now(match)).status == VideoStatus.COMPLETED
    await erase(bench, file)
    assert [await bench.count(table) for table in ("face_match", "matched_face", "appearance")] == [0, 0, 0]
    await bench.run_all()
    assert (await bench.keys(), [await bench.count(table) for table in tables]) == before


async def test_erasing_twice_is_no_error(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    await asyncio.gather(*(erase(bench, file) for _ in range(3)))
    await bench.run_all()
    assert await bench.keys() == set()


async def test_blobs_outlive_a_deletion_that_was_not_committed(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    before = await bench.keys()

    async def erase_half() -> None:
        async with bench.database.transaction() as db:
            await bench.erasure.file(db, file)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await erase_half()
    await bench.run_all()
    assert await bench.keys() == before


async def test_while_the_storage_is_away_an_erasure_waits(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    await erase(bench, file)
    away = bench.folder.rename(bench.folder.with_name("away"))
    bench.folder.write_text("not a folder")
    [entry] = await bench.take(VideoTask.ERASE)
    await bench.work.run(entry)
    bench.folder.unlink()
    away.rename(bench.folder)
    [waiting] = await bench.waiting(VideoTask.ERASE)
    assert waiting.waits == 1
    await bench.run_all()
    assert await bench.keys() == set()


# --- what a dead process has left behind ----------------------------------------------------------------------


def grow_old(bench: VideoBench) -> None:
    """Let everything in the storage be of the day before yesterday."""
    old = time.time() - timedelta(hours=48).total_seconds()
    for path in bench.folder.rglob("*"):
        os.utime(path, (old, old))


async def test_orphans_are_removed_once_they_are_old_and_nothing_else_is(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    extraction = await bench.extraction(file, Sampling(1))
    await bench.run_all()
    belonging = await bench.keys()
    organization_id = file.organization_id
    orphans = {
        original_key(organization_id, uuid4()),  # an upload that was never accepted
        poster_key(organization_id, uuid4()),
        f"{extraction_prefix(organization_id, file.id, uuid4())}/0",  # of frames that were deleted
        f"{extraction_prefix(organization_id, uuid4(), extraction.id)}/0",
    }
    strangers = {"videos/readme", "somebody/elses/file/of/theirs", f"{organization_id}/{uuid4()}/{uuid4()}"}
    for key in orphans | strangers:
        await bench.blobs.put(key, b"left behind")
    assert await remove_orphans(bench.database, bench.blobs) == 0  # they may be a file that is being accepted
    assert await bench.keys() == belonging | orphans | strangers
    grow_old(bench)
    assert await remove_orphans(bench.database, bench.blobs) == len(orphans)
    assert await bench.keys() == belonging | strangers
    assert await remove_orphans(bench.database, bench.blobs) == 0


async def test_many_orphans_are_removed_together(bench: VideoBench) -> None:
    lost = uuid4()
    for number in range(1100):
        path = bench.folder / extraction_prefix(lost, lost, lost) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left behind")
    grow_old(bench)
    assert await remove_orphans(bench.database, bench.blobs) == 1100
    assert await bench.keys() == set()


async def test_half_an_upload_of_a_process_that_was_killed_is_removed(bench: VideoBench) -> None:
    half = bench.folder / f"{original_key(uuid4(), uuid4())}#1"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half a film")
    assert await remove_orphans(bench.database, bench.blobs) == 0  # it may still be on its way
    grow_old(bench)
    assert await remove_orphans(bench.database, bench.blobs) == 1
    assert not half.exists()
