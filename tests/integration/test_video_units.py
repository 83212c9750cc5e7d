"""Work units of videos by themselves: run twice, run at once, given up, overtaken by deletions and by an outage."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from support import films
from support.films import Scene
from support.people import EILEEN, GRACE, jpeg
from support.video_bench import VideoBench, open_video_bench
from visavis.errors import InvalidRequest, StorageError
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoTask
from visavis.store import frame_extractions
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.video_records import Coverage, FaceDetection, FaceMatch, FrameExtraction, Sampling, VideoStatus
from visavis.videos.layout import extraction_prefix
from visavis.videos.looking import Task
from visavis.videos.units import NOTHING_DECODED

# At one frame a second that makes three units: of 30, 30 and 40 frames.
LONG = (Scene(10, ((EILEEN, 0, 20, 25, 120),)), Scene(50), Scene(10, ((GRACE, 1, 165, 30, 120),)), Scene(30))


def long_film() -> bytes:
    return films.film(LONG, width=320, height=180, frame_rate=2, gop=10)


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[VideoBench]:
    async with open_video_bench(database, engine, tmp_path / "blobs") as parts:
        yield parts


async def everything(bench: VideoBench) -> list[Any]:
    """All rows that work on a video leaves, and all blobs."""
    tables = ("video_file", "frame_extraction", "frame", "face_detection", "video_face", "video_unit", "face_match")
    return [*[await bench.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables], await bench.keys()]


async def times_of_faces(bench: VideoBench, detection: FaceDetection) -> list[float]:
    return [face.time_s for face in await bench.faces(detection)]


# --- what a unit leaves ---------------------------------------------------------------------------------------


async def test_new_frames_and_their_faces_come_of_one_decoding(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    extraction = await bench.extraction(file, Sampling(1))
    assert extraction.id == detection.extraction_id
    await bench.run_all()
    assert len(bench.looker.tasks) == 1
    extraction = await bench.extraction_now(extraction)
    assert (extraction.status, extraction.frame_count, extraction.progress) == (VideoStatus.COMPLETED, 6, 1)
    detection = await bench.detection_now(detection)
    assert (detection.status, detection.face_count, detection.progress) == (VideoStatus.COMPLETED, 4, 1)
    assert detection.coverage == Coverage(0, 6, 6, 0, 150, 1)
    assert await times_of_faces(bench, detection) == [0, 1, 4, 5]
    frames = await bench.frames(extraction.id)
    assert [(frame.time_s, frame.has_thumbnail) for frame in frames] == [(float(second), True) for second in range(6)]
    prefix = extraction_prefix(file.organization_id, file.id, extraction.id)
    assert {f"{prefix}/{number}" for number in range(6)} < await bench.keys()


async def test_a_unit_that_runs_twice_leaves_what_it_left_the_first_time(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    entries = await bench.take(VideoTask.FRAMES)
    assert [entry.position for entry in entries] == [0, 1, 2]
    for entry in entries:
        await bench.work.run(entry)
    first = await everything(bench)
    for entry in reversed(entries):
        await bench.work.run(entry)
        await bench.give_up(entry)
    assert await everything(bench) == first
    assert (await bench.detection_now(detection)).face_count == 20


async def test_units_that_run_in_several_workers_at_once_count_once(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    entries = await bench.take()
    await asyncio.gather(*(bench.work.run(entry) for entry in [*entries, *entries]))
    detection = await bench.detection_now(detection)
    assert (detection.status, detection.face_count) == (VideoStatus.COMPLETED, 20)
    assert len(await bench.frames(detection.extraction_id)) == 100
    assert len(await bench.waiting(VideoTask.MATCH)) <= 1
    await bench.run_all()
    assert (await bench.match_now(match)).match_count == 20


async def test_units_in_any_order_make_the_same_film(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detections = [await bench.detection(file, Sampling(1)), await bench.detection(file, Sampling(1))]
    assert detections[0].extraction_id == detections[1].extraction_id
    for entry in reversed(await bench.take()):  # the frames come last, the faces that are to be found in them first
        await bench.work.run(entry)
    told = [(face.time_s, face.box, face.detection_score) for face in await bench.faces(detections[0])]
    assert told == [(face.time_s, face.box, face.detection_score) for face in await bench.faces(detections[1])]
    assert len(told) == 20
    assert all(frame.has_thumbnail for frame in await bench.frames(detections[0].extraction_id))
    for each in detections:
        assert await bench.coverage(each) == Coverage(0, 100, 100, 0, 200, 1)


async def test_progress_is_the_share_of_units_that_have_ended(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    entries = await bench.take(VideoTask.FRAMES)
    for done, entry in enumerate(entries):
        for told in (await bench.detection_now(detection), await bench.match_now(match)):
            assert told.progress == pytest.approx(done / 3)
        await bench.work.run(entry)
    assert (await bench.detection_now(detection)).progress == 1


async def test_tracks_of_different_units_are_different(bench: VideoBench) -> None:
    file = await bench.film(films.film((Scene(50, LONG[0].people),), width=320, height=180, frame_rate=2))
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    tracks = {face.track for face in await bench.faces(detection)}
    assert len(tracks) == len(bench.looker.tasks) == 2


async def test_frames_without_thumbnails_leave_none(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    before = await bench.keys()
    extraction = await bench.extraction(file, Sampling(2, keeps_thumbnails=False))
    await bench.run_all()
    frames = await bench.frames(extraction.id)
    assert len(frames) == 12
    assert not any(frame.has_thumbnail for frame in frames)
    assert await bench.keys() == before


async def test_frames_that_show_the_same_picture_share_a_thumbnail_and_count_as_one(bench: VideoBench) -> None:
    file = await bench.film(films.film((Scene(10, ((EILEEN, 0, 40, 50, 240),)),), frame_rate=1))
    before = await bench.keys()
    detection = await bench.detection(file, Sampling(4))
    await bench.run_all()
    frames = await bench.frames(detection.extraction_id)
    assert len(frames) == 40
    assert all(frame.has_thumbnail for frame in frames)
    assert len(await bench.keys() - before) == 10
    assert await bench.coverage(detection) == Coverage(0, 10, 10, 0, 10, 0)  # nothing can have been missed
    assert (await bench.detection_now(detection)).face_count == 40


# --- before the file is looked into ---------------------------------------------------------------------------


async def test_what_is_asked_of_a_file_that_nobody_has_looked_into_begins_by_itself(bench: VideoBench) -> None:
    file = await bench.upload(films.film())
    extraction = await bench.extraction(file, Sampling(0.5))
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    assert extraction.status == detection.status == match.status == VideoStatus.PENDING
    assert [entry.task for entry in await bench.waiting()] == [VideoTask.FILE, VideoTask.MATCH]
    await bench.run_all()
    assert (await bench.extraction_now(extraction)).frame_count == 3
    assert (await bench.detection_now(detection)).face_count == 4
    assert (await bench.match_now(match)).status == VideoStatus.COMPLETED


async def test_a_window_that_turns_out_to_be_outside_of_the_video_fails_and_harms_nothing_else(
    bench: VideoBench,
) -> None:
    file = await bench.upload(films.film())
    outside = await bench.detection(file, Sampling(1, start_s=7, end_s=9))
    match = await bench.match(file, outside, jpeg(EILEEN, 2))
    inside = await bench.detection(file, Sampling(1, start_s=4))
    await bench.run_all()
    for ended in (await bench.detection_now(outside), await bench.match_now(match)):
        assert ended.status == VideoStatus.FAILED
        assert ended.failure == "The window is outside the video, which is 6.000 s long."
    assert await times_of_faces(bench, inside) == [4, 5]
    assert (await bench.file(file.id)).status == VideoStatus.COMPLETED


async def test_a_window_outside_of_a_video_that_is_known_is_refused_and_leaves_nothing(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    with pytest.raises(InvalidRequest, match="outside"):
        await bench.extraction(file, Sampling(1, start_s=6))
    with pytest.raises(InvalidRequest, match="outside"):
        await bench.detection(file, Sampling(1, end_s=7))
    assert await bench.count("frame_extraction") == await bench.count("face_detection") == 0


async def test_what_waits_for_a_file_that_cannot_be_used_fails_for_the_same_reason(bench: VideoBench) -> None:
    file = await bench.upload(jpeg(EILEEN))
    extraction = await bench.extraction(file, Sampling(0.5))
    detections = [await bench.detection(file, Sampling(1)), await bench.detection(file, Sampling(1))]
    matches = [await bench.match(file, each, jpeg(EILEEN, 2)) for each in detections]
    await bench.run_all()
    failure = (await bench.file(file.id)).failure
    assert failure == "The file is a picture, not a video."
    ended: list[FrameExtraction | FaceDetection | FaceMatch] = [
        await bench.extraction_now(extraction),
        *[await bench.detection_now(each) for each in detections],
        *[await bench.match_now(each) for each in matches],
    ]
    assert [(each.status, each.failure) for each in ended] == [(VideoStatus.FAILED, failure)] * 5
    with pytest.raises(InvalidRequest, match="a picture, not a video"):
        await bench.detection(file, Sampling(1))


# --- the same frames again ------------------------------------------------------------------------------------


async def test_who_asks_for_the_same_frames_again_gets_those_that_are_there(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    sampling = Sampling(1, start_s=1)
    first = await bench.extraction(file, sampling)
    assert (await bench.extraction(file, sampling)).id == first.id
    await bench.run_all()
    assert (await bench.extraction(file, sampling)).id == first.id
    others = [
        await bench.extraction(file, other)
        for other in (
            Sampling(1),
            Sampling(2, start_s=1),
            Sampling(1, start_s=1, end_s=6),
            Sampling(1, start_s=1, max_width_px=512),
            Sampling(1, start_s=1, keeps_thumbnails=False),
        )
    ]
    assert len({first.id, *(other.id for other in others)}) == 6
    assert (await bench.extraction((await bench.film(films.film())), sampling)).id != first.id  # of another file


async def test_whoever_asks_for_the_same_frames_at_once_gets_the_same(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    both = await asyncio.gather(*(bench.extraction(file, Sampling(1)) for _ in range(6)))
    assert len({each.id for each in both}) == 1
    await bench.run_all()
    assert len(bench.looker.tasks) == 1


async def test_a_detection_over_frames_that_are_there_leaves_them_as_they_are(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    extraction = await bench.extraction(file, Sampling(1))
    await bench.run_all()
    before = await bench.rows("SELECT * FROM frame ORDER BY id"), await bench.keys()
    detection = await bench.detection(file, await bench.extraction_now(extraction))
    assert detection.status == VideoStatus.PROCESSING
    await bench.run_all()
    assert await times_of_faces(bench, detection) == [0, 1, 4, 5]
    assert (await bench.rows("SELECT * FROM frame ORDER BY id"), await bench.keys()) == before


async def test_frames_that_a_worker_has_begun_with_meanwhile_are_not_begun_with_again(bench: VideoBench) -> None:
    file = await bench.upload(films.film())
    as_it_was = await bench.extraction(file, Sampling(1))
    await bench.run_all(VideoTask.FILE)
    detection = await bench.detection(file, as_it_was)
    [units] = await bench.rows("SELECT count(*) FILTER (WHERE makes_frames), count(*) FROM video_unit")
    assert units == (1, 2)
    await bench.run_all()
    assert (await bench.detection_now(detection)).face_count == 4


async def test_frames_that_were_deleted_meanwhile_are_refused(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    extraction = await bench.extraction(file, Sampling(1))
    async with bench.database.transaction() as db:
        await bench.erasure.extraction(db, extraction)
    with pytest.raises(InvalidRequest, match="deleted"):
        await bench.detection(file, extraction)


# --- units that are given up ----------------------------------------------------------------------------------


async def test_a_unit_that_was_given_up_is_missing_in_the_coverage_and_nothing_else_is(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    first, second, third = await bench.take(VideoTask.FRAMES)
    await bench.work.run(third)
    await bench.give_up(second)
    await bench.work.run(first)
    ended = await bench.detection_now(detection)
    assert ended.status == VideoStatus.COMPLETED
    assert ended.coverage == Coverage(0, 100, 70, 30, 200, 31)  # from 29 s to 60 s
    assert await times_of_faces(bench, detection) == [*range(10), *range(60, 70)]
    assert len(await bench.frames(detection.extraction_id)) == 70


async def test_the_first_and_the_last_seconds_can_be_missed_as_well(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    first_missing, last_missing = [await bench.detection(file, Sampling(rate)) for rate in (1, 1.25)]
    entries = await bench.take(VideoTask.FRAMES)
    units = dict(await bench.rows("SELECT id::text, detection_id FROM video_unit"))
    own = [[entry for entry in entries if units[entry.subject] == each.id] for each in (first_missing, last_missing)]
    await bench.give_up(own[0][0])
    await bench.give_up(own[1][-1])
    for entry in (*own[0][1:], *own[1][:-1]):
        await bench.work.run(entry)
    assert (await bench.coverage(first_missing)).shortest_missable_s == 30
    coverage = await bench.coverage(last_missing)
    assert coverage.shortest_missable_s > 30
    assert coverage.frames_missed > 30


async def test_a_unit_given_up_for_one_detection_is_not_missed_by_another(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    one, other = await bench.detection(file, Sampling(1)), await bench.detection(file, Sampling(1))
    units = dict(await bench.rows("SELECT id::text, detection_id FROM video_unit"))
    for entry in await bench.take(VideoTask.FRAMES):
        if units[entry.subject] == one.id and entry.position == 0:
            await bench.give_up(entry)
        else:
            await bench.work.run(entry)
    assert (await bench.coverage(one)).frames_missed == 30
    assert await bench.coverage(other) == Coverage(0, 100, 100, 0, 200, 1)
    assert (await bench.detection_now(one)).face_count == 10
    assert (await bench.detection_now(other)).face_count == 20


async def test_where_every_unit_was_given_up_everything_fails_and_can_be_asked_for_again(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    extraction = await bench.extraction(file, Sampling(1))
    for entry in await bench.take(VideoTask.FRAMES):
        await bench.give_up(entry)
    await bench.run_all()
    for ended in (
        await bench.detection_now(detection),
        await bench.extraction_now(extraction),
        await bench.match_now(match),
    ):
        assert (ended.status, ended.failure) == (VideoStatus.FAILED, NOTHING_DECODED)
    with pytest.raises(InvalidRequest, match=NOTHING_DECODED):
        await bench.detection(file, await bench.extraction_now(extraction))
    again = await bench.detection(file, Sampling(1))
    assert again.extraction_id != extraction.id
    await bench.run_all()
    assert (await bench.detection_now(again)).face_count == 20


# --- deletions in between -------------------------------------------------------------------------------------


async def test_frames_are_made_even_if_the_detection_that_looks_at_them_is_deleted(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    first, *others = await bench.take(VideoTask.FRAMES)
    await bench.work.run(first)
    async with bench.database.transaction() as db:
        await bench.erasure.detection(db, detection)
    for entry in others:
        await bench.work.run(entry)
    async with bench.database.transaction() as db:
        extraction = await frame_extractions.find(db, detection.extraction_id)
    assert extraction is not None
    assert (extraction.status, extraction.frame_count) == (VideoStatus.COMPLETED, 100)
    assert await bench.count("video_face") == await bench.count("face_detection") == 0
    assert (await bench.match_now(match)).failure == "The face detection was deleted before the match was decided."


async def test_a_detection_deleted_while_a_unit_is_looked_at_leaves_no_face(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    extraction = await bench.extraction(file, Sampling(1))
    detection = await bench.detection(file, extraction)
    loop = asyncio.get_running_loop()

    async def erase() -> None:
        async with bench.database.transaction() as db:
            await bench.erasure.detection(db, detection)

    def afterwards(task: Task) -> None:
        if task.detection_id is not None:
            asyncio.run_coroutine_threadsafe(erase(), loop).result(10)

    bench.looker.afterwards = afterwards
    await bench.run_all()
    assert len(bench.looker.tasks) == 2
    assert await bench.count("video_face") == await bench.count("face_detection") == 0
    assert (await bench.extraction_now(extraction)).frame_count == 6


async def test_frames_deleted_while_their_faces_are_looked_for_fail_the_detection(bench: VideoBench) -> None:
    file = await bench.film(long_film())
    before = await bench.keys()
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    extraction = await bench.extraction(file, Sampling(1))
    first, *others = await bench.take(VideoTask.FRAMES)
    await bench.work.run(first)
    async with bench.database.transaction() as db:
        await bench.erasure.extraction(db, await bench.extraction_now(extraction))
    for entry in others:
        await bench.work.run(entry)
    await bench.run_all()
    for ended in (await bench.detection_now(detection), await bench.match_now(match)):
        assert ended.status == VideoStatus.FAILED
        assert ended.failure == "The frames were deleted before their faces were found."
    assert await bench.keys() == before
    assert await bench.count("frame") == await bench.count("video_unit") == 0


async def test_faces_stay_when_the_frames_they_were_found_in_are_deleted(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    async with bench.database.transaction() as db:
        await bench.erasure.extraction(db, await bench.extraction(file, Sampling(1)))
    await bench.run_all()
    faces = await bench.faces(detection)
    assert len(faces) == 4
    assert not any(face.has_thumbnail for face in faces)
    match = await bench.match(file, await bench.detection_now(detection), jpeg(EILEEN, 2))
    await bench.run_all()
    assert (await bench.match_now(match)).status == VideoStatus.COMPLETED


@pytest.mark.parametrize("what", ["file", "extraction"])
async def test_what_is_erased_between_a_look_and_its_end_leaves_neither_rows_nor_blobs(
    bench: VideoBench, what: str
) -> None:
    file = await bench.film(films.film())
    before = set() if what == "file" else await bench.keys()
    detection = await bench.detection(file, Sampling(1))
    loop = asyncio.get_running_loop()

    async def erase() -> None:
        async with bench.database.transaction() as db:
            if what == "file":
                await bench.erasure.file(db, file)
            else:
                await bench.erasure.extraction(db, await bench.extraction_now(extraction))
        await bench.run_all(VideoTask.ERASE)

    extraction = await bench.extraction(file, Sampling(1))
    bench.looker.afterwards = lambda task: asyncio.run_coroutine_threadsafe(erase(), loop).result(10)
    await bench.run_all()
    assert await bench.keys() == before
    for table in ("frame", "frame_extraction", "video_unit", "video_face"):
        assert await bench.count(table) == 0
    if what == "extraction":
        assert (await bench.detection_now(detection)).status == VideoStatus.FAILED


async def test_deletions_and_units_at_once_never_stand_in_each_others_way(bench: VideoBench) -> None:
    film = films.film()
    for turn in range(6):
        file = await bench.film(film)
        one, other = await bench.detection(file, Sampling(1)), await bench.detection(file, Sampling(1))
        match = await bench.match(file, one, jpeg(EILEEN, 2))

        async def erase(what: int) -> None:
            await asyncio.sleep(0.02 * (turn % 4))  # noqa: B023 - awaited within the turn
            async with bench.database.transaction() as db:
                if what == 0:
                    await bench.erasure.detection(db, other)  # noqa: B023
                elif what == 1:
                    await bench.erasure.match(db, match)  # noqa: B023
                else:
                    await bench.erasure.file(db, file)  # noqa: B023

        await asyncio.gather(*(bench.work.run(entry) for entry in await bench.take()), *map(erase, range(3)))
        await bench.run_all()
    assert await bench.keys() == set()
    for table in ("video_file", "frame_extraction", "frame", "face_detection", "video_face", "face_match"):
        assert await bench.count(table) == 0


# --- the storage is away --------------------------------------------------------------------------------------


class Reluctant(io.BytesIO):
    """A file whose storage stops answering after some bytes."""

    def __init__(self, data: bytes, until: int) -> None:
        super().__init__(data)
        self._left = until

    def read(self, size: int | None = -1, /) -> bytes:
        self._left -= len(data := super().read(size))
        if self._left < 0:
            raise StorageError("The blob storage does not answer.")
        return data


class OutageBlobs(Blobs):
    """A storage that reads no more than some bytes of each blob while ``is_away``."""

    is_away = False
    readable_bytes = 0

    def reader(self, key: str) -> BinaryIO:
        with super().reader(key) as whole:
            return Reluctant(whole.read(), self.readable_bytes if self.is_away else 1 << 40)


@pytest.mark.parametrize(
    ("container", "share"), [("mp4", 0.0), ("mp4", 0.3), ("mp4", 0.9), ("webm", 0.6), ("mpegts", 0.6)]
)
async def test_while_the_storage_is_away_a_unit_waits_and_no_frame_is_missed(
    database: Database, engine: FaceEngine, tmp_path: Path, share: float, container: str
) -> None:
    data = films.film(container=container, codec="libvpx-vp9" if container == "webm" else "libx264", faststart=True)
    blobs = OutageBlobs((tmp_path / "blobs").as_uri())
    async with open_video_bench(database, engine, tmp_path / "blobs", blobs) as bench:
        file = await bench.film(data)
        detection = await bench.detection(file, Sampling(5))
        [entry] = await bench.take(VideoTask.FRAMES)
        blobs.is_away, blobs.readable_bytes = True, round(len(data) * share)
        await bench.work.run(entry)
        assert (await bench.detection_now(detection)).status == VideoStatus.PROCESSING
        [waiting] = await bench.waiting(VideoTask.FRAMES)
        assert (waiting.subject, waiting.attempts, waiting.waits) == (entry.subject, 0, 1)
        blobs.is_away = False
        await bench.run_all()
        assert (await bench.coverage(detection)).frames_missed == 0
        assert (await bench.detection_now(detection)).face_count == 20


async def test_while_thumbnails_cannot_be_stored_a_unit_waits(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    extraction = await bench.extraction(file, Sampling(1))
    folder = bench.folder / extraction_prefix(file.organization_id, file.id, extraction.id)
    folder.parent.mkdir(parents=True)
    folder.write_text("not a folder")
    [entry] = await bench.take(VideoTask.FRAMES)
    await bench.work.run(entry)
    assert (await bench.extraction_now(extraction)).status == VideoStatus.PROCESSING
    folder.unlink()
    await bench.run_all()
    assert (await bench.extraction_now(extraction)).frame_count == 6


async def test_a_video_whose_bytes_are_gone_fails_what_was_to_come_of_it(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    await bench.blobs.delete(sorted(await bench.keys()))
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    assert (await bench.detection_now(detection)).failure == NOTHING_DECODED
