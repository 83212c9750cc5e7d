"""Matches: decided once, whenever the faces come and however many workers are at it, and then nobody is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support import films
from support.films import SCENES, Scene
from support.people import EILEEN, GRACE, LUIS, empty_scene, jpeg, side_by_side
from support.picture_host import PictureHost
from support.video_bench import VideoBench, open_video_bench
from visavis.errors import InvalidRequest
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoTask
from visavis.store import face_detections, face_matches
from visavis.store.database import Database
from visavis.video_records import FaceMatch, Sampling, VideoStatus
from visavis.videos.matching import OTHER_MODEL

SHORT = (Scene(1, SCENES[0].people), Scene(1), Scene(1, SCENES[2].people))


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[VideoBench]:
    async with open_video_bench(database, engine, tmp_path / "blobs") as parts:
        yield parts


@pytest.fixture
def host() -> Iterator[PictureHost]:
    with PictureHost() as running:
        yield running


async def kept_of(bench: VideoBench, match: FaceMatch) -> tuple[bool, bool]:
    """Whether the source's picture, and its embedding, are kept."""
    [kept] = await bench.rows(
        "SELECT source_data IS NOT NULL, source_embedding IS NOT NULL FROM face_match WHERE id = %s", match.id
    )
    return kept[0], kept[1]


async def assert_shows_eileen(bench: VideoBench, match: FaceMatch) -> None:
    """The match is decided, and says the truth of ``films.SCENES`` at one frame a second."""
    match = await bench.match_now(match)
    assert (match.status, match.failure, match.match_count) == (VideoStatus.COMPLETED, None, 4)
    assert match.coverage is not None
    assert match.source_box is not None
    matched = await bench.matched(match)
    assert sorted(face.time_s for face in matched[:2]) == [0, 1]
    assert [face.score >= 0.5 for face in matched] == [True, True, False, False]
    [appearance] = await bench.appearances(match)
    assert (appearance.start_s, appearance.end_s, appearance.face_count) == (0, 1, 2)
    assert appearance.best_score == matched[0].score
    assert appearance.best_frame_id == matched[0].frame_id
    assert await kept_of(bench, match) == (False, False)


async def test_a_match_that_comes_before_the_faces_waits_for_them(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(EILEEN, 2))
    await bench.run_all(VideoTask.MATCH)
    assert (await bench.match_now(match)).status == VideoStatus.PROCESSING
    assert await kept_of(bench, match) == (False, True)  # described: the picture is gone already
    await bench.run_all(VideoTask.FRAMES)
    [entry] = await bench.waiting()
    assert (entry.task, entry.subject) == (VideoTask.MATCH, str(match.id))
    await bench.run_all()
    await assert_shows_eileen(bench, match)


async def test_a_match_that_comes_after_the_faces_is_decided_at_once(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    match = await bench.match(file, await bench.detection_now(detection), jpeg(EILEEN, 2))
    assert await bench.run_all() == 1
    await assert_shows_eileen(bench, match)


async def test_a_match_that_runs_again_decides_nothing_anew(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(EILEEN, 2))
    entries = await bench.take(VideoTask.MATCH)
    await bench.run_all()
    for entry in entries:
        await bench.work.run(entry)
    before = await bench.match_now(match), await bench.matched(match), await bench.appearances(match)
    for entry in entries:
        await bench.work.run(entry)
        await bench.give_up(entry)
    assert (await bench.match_now(match), await bench.matched(match), await bench.appearances(match)) == before
    await assert_shows_eileen(bench, match)


async def test_matches_and_the_end_of_their_detection_at_once_decide_every_match_once(bench: VideoBench) -> None:
    file = await bench.film(films.film(SHORT, frame_rate=5))
    for turn in range(20):
        detection = await bench.detection(file, Sampling(1, max_width_px=320 + turn))
        before = await bench.match(file, detection, jpeg(EILEEN, 2))
        units, [entry] = await bench.take(VideoTask.FRAMES), await bench.take(VideoTask.MATCH)

        async def ask_meanwhile() -> FaceMatch:
            await asyncio.sleep(0.005 * (turn % 8))  # noqa: B023 - awaited within the turn
            match = await bench.match(file, detection, jpeg(EILEEN, 1))  # noqa: B023
            await asyncio.gather(*(bench.work.run(each) for each in await bench.take(VideoTask.MATCH)))
            return match

        meanwhile = asyncio.create_task(ask_meanwhile())
        await asyncio.gather(*(bench.work.run(each) for each in (*units, entry, entry, entry)), meanwhile)
        await bench.run_all()
        for match in (before, meanwhile.result()):
            told = await bench.match_now(match)
            assert (told.status, told.match_count) == (VideoStatus.COMPLETED, 2)
            assert len(await bench.matched(match)) == 2


async def test_a_match_that_waits_for_the_end_of_its_detection_sees_it(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    await bench.execute("UPDATE face_detection SET status = 'processing', ended_at = NULL")
    match = await bench.match(file, await bench.detection_now(detection), jpeg(EILEEN, 2))
    [entry] = await bench.take()
    async with bench.database.transaction() as db:
        await face_detections.lock(db, detection.id)
        deciding = asyncio.create_task(bench.work.run(entry))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while await bench.rows(waits) == [(0,)]:
            pass
        await face_detections.complete(db, detection.id, start_s=0, end_s=6, wanted_frames=6)
    await deciding
    await assert_shows_eileen(bench, match)


async def test_a_detection_that_was_deleted_or_has_failed_fails_the_match(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    await bench.execute("DELETE FROM face_detection")
    await bench.run_all()
    assert (await bench.match_now(match)).failure == "The face detection has been deleted."
    assert await kept_of(bench, match) == (False, False)


async def test_a_match_over_a_detection_that_has_failed_is_refused(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    for entry in await bench.take(VideoTask.FRAMES):
        await bench.give_up(entry)
    with pytest.raises(InvalidRequest, match="has failed"):
        await bench.match(file, await bench.detection_now(detection), jpeg(EILEEN, 2))


# --- the picture ----------------------------------------------------------------------------------------------


async def test_a_source_without_a_face_or_without_a_picture_fails_the_match_and_nothing_else(
    bench: VideoBench, host: PictureHost
) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    expected: dict[bytes | str, str] = {  # the source -> what is said of it
        empty_scene(): "There is no face in the source picture.",
        b"no picture": "The source picture cannot be used: ",
        host.missing(): "The source picture could not be fetched: ",
        host.picture(b"no picture"): "The source picture cannot be used: ",
        "http://nobody.invalid/1.jpg": "The source picture could not be fetched: ",
    }
    matches = [await bench.match(file, detection, source) for source in expected]
    good = await bench.match(file, detection, host.picture(jpeg(EILEEN, 2)))
    await bench.run_all()
    for match, said in zip(matches, expected.values(), strict=True):
        told = await bench.match_now(match)
        assert told.status == VideoStatus.FAILED
        assert told.failure is not None
        assert told.failure.startswith(said)
        assert await kept_of(bench, match) == (False, False)
    await assert_shows_eileen(bench, good)


async def test_of_several_people_in_a_picture_the_one_with_the_largest_face_is_looked_for(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, side_by_side((EILEEN, 2), (GRACE, 2)))
    await bench.run_all()
    told = await bench.match_now(match)
    assert told.source_box is not None
    shown = {appearance.start_s for appearance in await bench.appearances(match)}
    assert shown == ({0} if told.source_box.x_max < 0.5 else {4})


async def test_a_match_that_keeps_killing_its_worker_fails(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(EILEEN, 2))
    [entry] = await bench.take(VideoTask.MATCH)
    await bench.give_up(entry)
    await bench.run_all()
    assert (await bench.match_now(match)).failure == "The source picture could not be processed."
    assert await kept_of(bench, match) == (False, False)


# --- what is told ---------------------------------------------------------------------------------------------


async def test_a_stranger_is_nowhere_and_the_least_unlike_faces_are_told_all_the_same(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(LUIS))
    await bench.run_all()
    matched = await bench.matched(match)
    assert len(matched) == 4
    assert all(face.score < 0.5 for face in matched)
    assert await bench.appearances(match) == []


async def test_no_more_faces_are_told_than_were_asked_for_and_the_best_come_first(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    match = await bench.match(file, await bench.detection(file, Sampling(5)), jpeg(EILEEN, 2), max_faces=3)
    await bench.run_all()
    similarities = [face.similarity for face in await bench.matched(match)]
    assert len(similarities) == 3
    assert similarities == sorted(similarities, reverse=True)
    [appearance] = await bench.appearances(match)
    assert appearance.face_count == 10  # appearances are not cut short


async def test_a_video_with_nobody_in_it_has_no_match_and_full_coverage(bench: VideoBench) -> None:
    file = await bench.film(films.film((Scene(3),)))
    match = await bench.match(file, await bench.detection(file, Sampling(1)), jpeg(EILEEN))
    await bench.run_all()
    told = await bench.match_now(match)
    assert (told.status, told.match_count) == (VideoStatus.COMPLETED, 0)
    assert told.coverage is not None
    assert told.coverage.frames_looked_at == 3


async def test_faces_that_another_model_has_described_are_not_compared(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    await bench.run_all()
    await bench.execute("UPDATE video_face SET model_id = 'older' WHERE time_s = 4")
    match = await bench.match(file, await bench.detection_now(detection), jpeg(EILEEN, 2))
    await bench.run_all()
    told = await bench.match_now(match)
    assert (told.status, told.failure) == (VideoStatus.FAILED, OTHER_MODEL)
    assert await bench.matched(match) == []


async def test_a_match_that_was_erased_leaves_the_faces(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    await bench.run_all()
    async with bench.database.transaction() as db:
        await bench.erasure.match(db, await bench.match_now(match))
        assert await face_matches.get(db, match.organization_id, match.id) is None
    assert await bench.count("matched_face") == await bench.count("appearance") == 0
    assert len(await bench.faces(detection)) == 4


async def test_a_decided_match_outlives_the_detection(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    detection = await bench.detection(file, Sampling(1))
    match = await bench.match(file, detection, jpeg(EILEEN, 2))
    await bench.run_all()
    async with bench.database.transaction() as db:
        await bench.erasure.detection(db, detection)
    await assert_shows_eileen(bench, match)
