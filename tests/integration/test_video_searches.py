"""Collections: which files a filter lets through, how far each is, and who is found in them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support import films
from support.people import EILEEN, GRACE, LUIS, empty_scene, jpeg
from support.video_bench import VideoBench, open_video_bench
from visavis.errors import Conflict, InvalidRequest
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoEntry, VideoTask
from visavis.store import collections, face_searches, video_files
from visavis.store.database import Database
from visavis.video_records import (
    Collection,
    CollectionMember,
    Criterion,
    FaceSearch,
    Listing,
    Sampling,
    SearchHit,
    VideoFile,
    VideoSource,
    VideoStatus,
)
from visavis.videos.matching import OTHER_MODEL


@pytest.fixture
async def bench(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[VideoBench]:
    async with open_video_bench(database, engine, tmp_path / "blobs") as parts:
        yield parts


# --- filters --------------------------------------------------------------------------------------------------

METADATA = {
    "place": "Front Door",
    "floor": 2,
    "weight": 1.5,
    "debt": -10,
    "zip": "00702",
    "is_public": True,
    "is_old": False,
    "nothing": None,
    "empty": "",
    "tags": ["night", "rain", 7],
    "none": [],
    "camera": {"maker": "Acme", "lens": {"mm": 35}, "names": ["a", "b"]},
    "percent": "100%",
    "folder": r"C:\a\b",
    "dotted.name": "x",
}


async def keep_film(bench: VideoBench, metadata: Any = None, name: str = "door.mp4") -> VideoFile:
    """A file that nobody looks into."""
    async with bench.database.transaction() as db:
        return await video_files.add(
            db,
            file_id=uuid4(),
            organization_id=bench.application.organization_id,
            application_id=bench.application.id,
            filename=name,
            source=VideoSource.UPLOAD,
            source_url=None,
            byte_count=1000,
            sha256="0",
            metadata=metadata,
        )


async def found(bench: VideoBench, *criteria: Criterion) -> list[UUID]:
    async with bench.database.transaction() as db:
        page = await video_files.search(db, bench.application.organization_id, Listing(criteria=criteria))
    assert page.total == len(page.rows)
    return [file.id for file in page.rows]


# path, operator, value or values, whether it fits
OF_METADATA: list[tuple[str, str, str | tuple[str, ...], bool]] = [
    ("place", "equal", "Front Door", True),
    ("place", "equal", "front door", False),
    ("place", "not_equal", "Back Door", True),
    ("place", "not_equal", "Front Door", False),
    ("floor", "equal", "2", True),
    ("floor", "not_equal", "2", False),
    ("floor", "less_than", "10", True),  # as numbers: as text, "2" comes after "10"
    ("floor", "greater_than", "10", False),
    ("floor", "less_than", "2", False),
    ("floor", "greater_than", "1.99", True),
    ("weight", "equal", "1.5", True),
    ("weight", "less_than", "1.50001", True),
    ("debt", "less_than", "-9", True),
    ("debt", "greater_than", "-9", False),
    ("zip", "equal", "00702", True),
    ("zip", "equal", "702", False),  # text, and no number
    ("is_public", "equal", "true", True),
    ("is_old", "equal", "false", True),
    ("is_old", "not_equal", "true", True),
    ("nothing", "equal", "null", False),  # what is null is not there
    ("nothing", "not_equal", "x", True),
    ("nothing", "like", "%", False),
    ("nothing", "less_than", "x", False),
    ("missing", "equal", "", False),
    ("missing", "not_equal", "x", True),
    ("missing", "greater_than", "", False),
    ("missing", "in", ("x", ""), False),
    ("missing", "contains_any", ("x",), False),
    ("missing", "contains_all", (), False),
    ("empty", "equal", "", True),
    ("place", "like", "%door", True),
    ("place", "like", "FRONT%", True),
    ("place", "like", "door", False),
    ("place", "like", "Fr_nt Door", True),
    ("percent", "like", "100%", True),
    ("percent", "like", r"100\%", False),  # no sign but % and _ has a meaning of its own
    ("folder", "like", r"c:\%\B", True),
    ("floor", "like", "2", True),
    ("place", "in", ("Back Door", "Front Door"), True),
    ("place", "in", ("Back Door",), False),
    ("place", "in", (), False),
    ("floor", "in", ("1", "2"), True),
    ("is_public", "in", ("true",), True),
    ("tags", "contains_any", ("snow", "rain"), True),
    ("tags", "contains_any", ("snow",), False),
    ("tags", "contains_any", (), False),
    ("tags", "contains_any", ("7",), True),
    ("tags", "contains_all", ("rain", "night"), True),
    ("tags", "contains_all", ("rain", "snow"), False),
    ("tags", "contains_all", ("rain", "rain"), True),
    ("tags", "contains_all", (), False),
    ("none", "contains_any", ("rain",), False),
    ("none", "contains_all", ("rain",), False),
    ("place", "contains_any", ("Front Door",), True),  # one thing is a list of one
    ("tags.0", "equal", "night", True),
    ("tags.9", "equal", "night", False),
    ("camera.maker", "equal", "Acme", True),
    ("camera.lens.mm", "greater_than", "34.9", True),
    ("camera.lens.cm", "greater_than", "1", False),
    ("camera.names", "contains_all", ("b", "a"), True),
    ("camera.maker.more", "equal", "Acme", False),
    ("place", "greater_than", "1", True),  # only one side is a number: as text
    ("floor", "less_than", "1e5", False),
]


async def test_metadata_are_filtered_by_every_operator(bench: VideoBench) -> None:
    file = await keep_film(bench, METADATA)
    await keep_film(bench)  # a file without metadata fits nothing but "not equal"
    wrong = []
    for path, operator, given_value, fits in OF_METADATA:
        criterion = make_criterion("metadata", tuple(path.split(".")), operator, given_value)
        if (file.id in await found(bench, criterion)) != fits:
            wrong.append((path, operator, given_value))
        others = [each for each in await found(bench, criterion) if each != file.id]
        assert bool(others) == (operator == "not_equal")
    assert wrong == []


def make_criterion(source: str, path: tuple[str, ...], operator: str, given_value: str | Sequence[str]) -> Criterion:
    if isinstance(given_value, str):
        return Criterion(source, path, operator, value=given_value)
    return Criterion(source, path, operator, values=tuple(given_value))


@pytest.mark.parametrize(
    ("source", "name", "operator", "value", "fits"),
    [
        ("file", "filename", "equal", "door.mp4", True),
        ("file", "filename", "like", "%.MP4", True),
        ("file", "bytes", "greater_than", "999", True),
        ("file", "bytes", "less_than", "1000", False),
        ("file", "created_at", "greater_than", "1577836800000", True),  # milliseconds, of 2020
        ("file", "created_at", "less_than", "1577836800000", False),
        ("file", "anything", "equal", "x", False),
        ("video_info", "duration_seconds", "greater_than", "1", False),  # nobody has looked into it
        ("video_info", "has_audio", "not_equal", "true", True),
    ],
)
async def test_files_are_filtered_by_what_is_known_of_them(
    bench: VideoBench, source: str, name: str, operator: str, value: str, fits: bool
) -> None:
    await keep_film(bench)
    assert bool(await found(bench, Criterion(source, (name,), operator, value=value))) == fits


async def test_videos_are_filtered_by_what_they_are(bench: VideoBench) -> None:
    silent, loud = await bench.film(films.film()), await bench.film(films.film((films.Scene(2),), audio=True))
    assert await found(bench, Criterion("video_info", ("has_audio",), "equal", value="true")) == [loud.id]
    assert await found(bench, Criterion("video_info", ("duration_seconds",), "greater_than", value="5")) == [silent.id]
    assert await found(bench, Criterion("video_info", ("duration_seconds",), "equal", value="6")) == [silent.id]
    assert await found(bench, Criterion("file", ("id",), "in", values=(str(loud.id),))) == [loud.id]


async def test_every_criterion_must_hold(bench: VideoBench) -> None:
    file = await keep_film(bench, METADATA)
    place = Criterion("metadata", ("place",), "equal", value="Front Door")
    floor = Criterion("metadata", ("floor",), "equal", value="3")
    assert await found(bench) == await found(bench, place) == [file.id]
    assert await found(bench, place, floor) == []


VALUES = ["", "a", "A", "ab", "b", "1", "2", "10", "-1.5", "true", "null", "%"]
scalars = st.sampled_from([None, True, False, 1, 2, 10, -1.5, "", "a", "A", "ab", "10", "%"])
things = st.one_of(scalars, st.lists(scalars, max_size=3))
asked = st.one_of(
    st.tuples(st.sampled_from(["equal", "not_equal", "less_than", "greater_than", "like"]), st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(["in", "contains_any", "contains_all"]), st.lists(st.sampled_from(VALUES), max_size=3)),
)


def as_text(thing: Any) -> str | None:
    if thing is None or isinstance(thing, str):
        return thing
    return json.dumps(thing)


def fits_by_hand(thing: Any, operator: str, wanted: Any) -> bool:
    """Whether a criterion holds, said as simply as it can be."""
    text = as_text(thing)
    every = {as_text(each) for each in thing} if isinstance(thing, list) else {text}
    if operator == "not_equal":
        return bool(text != wanted)
    if text is None:
        return False
    match operator:
        case "equal":
            return bool(text == wanted)
        case "like":
            return text.lower() == wanted.lower() if "%" not in wanted else True
        case "in":
            return text in wanted
        case "contains_any":
            return bool(every & set(wanted))
        case "contains_all":
            return bool(wanted) and set(wanted) <= every
    try:
        pair: Any = float(text), float(wanted)
    except ValueError:
        pair = text, wanted
    return bool(pair[0] < pair[1] if operator == "less_than" else pair[0] > pair[1])


@settings(
    max_examples=150,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(thing=things, criterion=asked)
async def test_filters_agree_with_a_look_by_hand(bench: VideoBench, thing: Any, criterion: tuple[str, Any]) -> None:
    operator, wanted = criterion
    file = await keep_film(bench, {"a": {"thing": thing}})
    both = (
        Criterion("file", ("id",), "equal", value=str(file.id)),
        make_criterion("metadata", ("a", "thing"), operator, wanted),
    )
    assert bool(await found(bench, *both)) == fits_by_hand(thing, operator, wanted)


# --- members --------------------------------------------------------------------------------------------------


async def make_collection(bench: VideoBench, name: str, sampling: Sampling | None = None) -> Collection:
    async with bench.database.transaction() as db:
        return await bench.collecting.create(
            db,
            bench.application.organization_id,
            name=name,
            description=None,
            sampling=sampling or Sampling(1),
        )


async def put_into(bench: VideoBench, collection: Collection, file: VideoFile) -> CollectionMember:
    async with bench.database.transaction() as db:
        return await bench.collecting.add(db, collection, file)


async def member_now(bench: VideoBench, member: CollectionMember) -> CollectionMember:
    async with bench.database.transaction() as db:
        now = await collections.member(db, member.collection_id, member.file.id)
    assert now is not None
    return now


async def test_a_file_in_a_collection_is_as_far_as_its_faces_are(bench: VideoBench) -> None:
    file, collection = await bench.upload(films.film()), await make_collection(bench, "door")
    member = await put_into(bench, collection, file)
    assert member.status == VideoStatus.PENDING
    await bench.run_all(VideoTask.FILE)
    assert (await member_now(bench, member)).status == VideoStatus.PROCESSING
    await bench.run_all()
    assert (await member_now(bench, member)).status == VideoStatus.COMPLETED
    assert (await put_into(bench, collection, file)).detection_id == member.detection_id  # it is there already
    assert await bench.run_all() == 0


async def test_a_file_that_cannot_be_used_has_failed_in_its_collection_too(bench: VideoBench) -> None:
    file, collection = await bench.upload(b"no video"), await make_collection(bench, "door")
    member = await put_into(bench, collection, file)
    await bench.run_all()
    assert (await member_now(bench, member)).status == VideoStatus.FAILED
    with pytest.raises(InvalidRequest, match="cannot be used"):
        await put_into(bench, await make_collection(bench, "gate"), file)


async def test_a_file_whose_faces_were_deleted_has_failed_in_its_collection(bench: VideoBench) -> None:
    file, collection = await bench.film(films.film()), await make_collection(bench, "door")
    member = await put_into(bench, collection, file)
    await bench.run_all()
    await bench.execute("DELETE FROM face_detection")
    assert (await member_now(bench, member)).status == VideoStatus.FAILED


async def test_a_file_that_is_put_into_many_collections_at_once_is_in_each(bench: VideoBench) -> None:
    file = await bench.film(films.film())
    places = [await make_collection(bench, str(number)) for number in range(6)]
    members = await asyncio.gather(*(put_into(bench, place, file) for place in [*places, *places]))
    assert len({member.detection_id for member in members}) == 6
    await bench.run_all()
    assert [(await member_now(bench, member)).status for member in members] == [VideoStatus.COMPLETED] * 12
    assert await bench.count("frame_extraction") == 1  # the frames are the same


async def test_a_name_is_given_once(bench: VideoBench) -> None:
    await make_collection(bench, "door")
    with pytest.raises(Conflict):
        await make_collection(bench, "door")


async def test_a_file_that_leaves_a_collection_leaves_its_faces_there_behind_and_stays(bench: VideoBench) -> None:
    file, collection = await bench.film(films.film()), await make_collection(bench, "door")
    other = await put_into(bench, await make_collection(bench, "gate"), file)
    member = await put_into(bench, collection, file)
    await bench.run_all()
    async with bench.database.transaction() as db:
        await bench.collecting.remove(db, collection, member)
        assert await collections.member(db, collection.id, file.id) is None
    assert await bench.rows("SELECT id FROM face_detection") == [(other.detection_id,)]
    assert (await bench.file(file.id)).status == VideoStatus.COMPLETED


# --- searches -------------------------------------------------------------------------------------------------


async def search(
    bench: VideoBench,
    places: Sequence[Collection],
    source: bytes,
    *,
    limit: int = 100,
    threshold: float | None = 0.5,
    criteria: tuple[Criterion, ...] = (),
) -> tuple[FaceSearch, list[SearchHit]]:
    search_id = uuid4()
    async with bench.database.transaction() as db:
        await face_searches.add(
            db,
            search_id=search_id,
            organization_id=bench.application.organization_id,
            query="a picture",
            collection_ids=[place.id for place in places],
            criteria=criteria,
            limit=limit,
            threshold=threshold,
            by_file=False,
            by_item_count=False,
            source_url=None,
            source_data=source,
        )
        await bench.queue.defer_videos(db, [VideoEntry(VideoTask.SEARCH, str(search_id))])
    [entry] = await bench.take(VideoTask.SEARCH)
    for _ in range(2):  # the second changes nothing
        await bench.work.run(entry)
    async with bench.database.transaction() as db:
        state = await face_searches.state(db, search_id)
        hits = await face_searches.hits(db, search_id)
    assert state is not None
    [kept] = await bench.rows("SELECT source_data FROM face_search WHERE id = %s", search_id)
    assert kept == (None,)
    return state, hits


async def test_a_person_is_found_in_every_file_of_the_collections_and_nowhere_else(bench: VideoBench) -> None:
    door, gate, roof = [await make_collection(bench, name) for name in ("door", "gate", "roof")]
    both = await bench.film(films.film(), {"floor": 1})
    grace = await bench.film(films.film((films.SCENES[2],)), {"floor": 2})
    await bench.film(films.film())  # in no collection
    for place, file in ((door, both), (gate, grace), (roof, both)):
        await put_into(bench, place, file)
    await bench.run_all()

    state, hits = await search(bench, [door, gate], jpeg(GRACE, 3))
    assert state.status == VideoStatus.COMPLETED
    assert sorted((hit.file_id, hit.collection_id, hit.time_s) for hit in hits) == sorted(
        [(both.id, door.id, 4), (both.id, door.id, 5), (grace.id, gate.id, 0), (grace.id, gate.id, 1)]
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    _, hits = await search(bench, [door, roof], jpeg(EILEEN, 2))  # a file in two collections, once in each
    assert sorted((hit.collection_id, hit.time_s) for hit in hits) == sorted(
        [(place.id, time_s) for place in (door, roof) for time_s in (0, 1)]
    )

    _, hits = await search(bench, [door, gate], jpeg(LUIS))
    assert hits == []
    _, hits = await search(bench, [door, gate], jpeg(LUIS), threshold=None)
    assert len(hits) == 6
    assert all(hit.score < 0.5 for hit in hits)
    _, hits = await search(bench, [door, gate], jpeg(GRACE, 3), limit=3, threshold=None)
    assert len(hits) == 3
    _, hits = await search(bench, [door, gate], jpeg(GRACE, 3), threshold=1.1)
    assert hits == []
    second_floor = Criterion("metadata", ("floor",), "equal", value="2")
    _, hits = await search(bench, [door, gate], jpeg(GRACE, 3), criteria=(second_floor,))
    assert {hit.file_id for hit in hits} == {grace.id}
    _, hits = await search(bench, [], jpeg(GRACE, 3), threshold=None)
    assert hits == []

    async with bench.database.transaction() as db:
        await bench.erasure.file(db, grace)
    state, hits = await search(bench, [door, gate], jpeg(GRACE, 3))
    assert {hit.file_id for hit in hits} == {both.id}


async def test_a_collection_of_another_organisation_is_not_looked_at(bench: VideoBench) -> None:
    door = await make_collection(bench, "door")
    await put_into(bench, door, await bench.film(films.film()))
    await bench.run_all()
    await bench.execute("INSERT INTO organization (id, name) SELECT gen_random_uuid(), 'globex'")
    await bench.execute("UPDATE collection SET organization_id = (SELECT id FROM organization WHERE name = 'globex')")
    _, hits = await search(bench, [door], jpeg(EILEEN, 2), threshold=None)
    assert hits == []


async def test_faces_that_are_still_being_looked_for_are_not_searched(bench: VideoBench) -> None:
    door = await make_collection(bench, "door")
    await put_into(bench, door, await bench.film(films.film()))
    _, hits = await search(bench, [door], jpeg(EILEEN, 2), threshold=None)
    assert hits == []


@pytest.mark.parametrize(
    ("source", "said"), [(empty_scene(), "There is no face"), (b"no picture", "The source picture cannot be used")]
)
async def test_a_search_without_a_face_says_so(bench: VideoBench, source: bytes, said: str) -> None:
    state, hits = await search(bench, [await make_collection(bench, "door")], source)
    assert state.status == VideoStatus.FAILED
    assert state.failure is not None
    assert state.failure.startswith(said)
    assert hits == []


async def test_faces_that_another_model_has_described_are_not_searched(bench: VideoBench) -> None:
    door = await make_collection(bench, "door")
    await put_into(bench, door, await bench.film(films.film()))
    await bench.run_all()
    await bench.execute("UPDATE video_face SET model_id = 'older' WHERE time_s = 4")
    state, hits = await search(bench, [door], jpeg(EILEEN, 2))
    assert (state.status, state.failure, hits) == (VideoStatus.FAILED, OTHER_MODEL, [])
