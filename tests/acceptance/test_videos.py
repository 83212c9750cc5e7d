"""Videos over HTTP: a film of known truth in, and when a person is on screen comes out; nobody else does."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from support import films
from support.films import SCENES, Scene, Shown
from support.people import EILEEN, GRACE, LUIS, jpeg
from support.server import Server

Json = dict[str, Any]

WIDTH, HEIGHT = 640, 360
PEOPLE = (EILEEN, GRACE, LUIS)

LEFT: Shown = (EILEEN, 0, 40, 50, 240)
LEFT_AGAIN: Shown = (EILEEN, 1, 60, 70, 220)
RIGHT: Shown = (GRACE, 1, 330, 60, 240)
RIGHT_ON_THE_LEFT: Shown = (GRACE, 1, 40, 50, 240)
SMALL: Shown = (EILEEN, 0, 200, 100, 120)
SMALL_TOO: Shown = (GRACE, 0, 219, 121, 84)  # her face is just where Eileen's is

# somebody else at the same place, and back; between the frames at one and at ten a second
WITH_CUTS = (Scene(2.52, (LEFT,)), Scene(2.52, (RIGHT_ON_THE_LEFT,)), Scene(2.52, (LEFT,)))

UNEVEN = tuple(
    sorted({round(second + part, 3) for second in range(6) for part in ((0, 0.04, 0.5) if second % 2 else (0, 0.31))})
)


@dataclass(frozen=True)
class Caller:
    """A client of the server, in an organisation of its own."""

    server: Server
    http: httpx.Client

    def upload(self, film: bytes, name: str = "film.mp4") -> Json:
        """A file, when it has been looked into."""
        sent = told(self.http.post("/files", files={"file": (name, film, "video/mp4")}))
        return self.ended(f"/files/{sent['id']}")

    def ask(self, file: Json, person: str, frames_per_second: float = 1, **fields: Any) -> httpx.Response:
        """Ask for a match; the fields are those of the request, or of the frames' configuration."""
        frames = {"strategy": "uniform", "uniform_config": {"frames_per_second": frames_per_second}}
        window = {name: fields.pop(name) for name in ("start_time_seconds", "end_time_seconds") if name in fields}
        config: Json = {} if "face_detection_id" in fields else {"frame_extraction_config": {**frames, **window}}
        source = {"base64_image": base64.b64encode(jpeg(person, 2)).decode()}
        return self.http.post(
            "/face-match", json={"source_image": source, "target_video_url": file["uri"], **config, **fields}
        )

    def match(self, file: Json, person: str, frames_per_second: float = 1, **fields: Any) -> Json:
        """A match, when it is decided."""
        sent = told(self.ask(file, person, frames_per_second, **fields))
        return self.ended(f"/face-match/{sent['face_match_id']}?limit=100")

    def ended(self, path: str) -> Json:
        deadline = time.monotonic() + 60
        while (now := told(self.http.get(path)))["status"] not in ("completed", "failed"):
            assert time.monotonic() < deadline, now
            time.sleep(0.02)
        return now


def told(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


@pytest.fixture(scope="module")
def caller(server: Server) -> Iterator[Caller]:
    credentials = server.create_app("videos-acme", "camera")
    headers = {"Authorization": f"Bearer {credentials['apiKey']}"}
    with httpx.Client(base_url=f"{server.base_url}/v1", headers=headers, timeout=60) as http:
        yield Caller(server, http)


@pytest.fixture(scope="module")
def usual(caller: Caller) -> Json:
    """A file of ``films.SCENES``: Eileen from 0 to 2 s, and Grace from 4 to 6 s."""
    return caller.upload(films.film())


def spans_of(scenes: tuple[Scene, ...], person: str) -> list[tuple[float, float]]:
    """When a person is on screen without a break, in seconds."""
    spans: list[tuple[float, float]] = []
    for who, from_s, to_s in films.truth(scenes):
        if who == person and spans and spans[-1][1] == from_s:
            spans[-1] = spans[-1][0], to_s
        elif who == person:
            spans.append((from_s, to_s))
    return spans


def shown_at(scenes: tuple[Scene, ...], time_s: float, person: str) -> Shown | None:
    """Where a person is in the picture."""
    for scene in scenes:
        if time_s < scene.seconds:
            return next((shown for shown in scene.people if shown[0] == person), None)
        time_s = round(time_s - scene.seconds, 6)
    return None


def assert_true(match: Json, scenes: tuple[Scene, ...], person: str, frames_per_second: float = 1) -> None:
    """Every appearance is told to within one frame, and every face above the threshold is the person's own."""
    interval_s = 1 / frames_per_second + 1e-6
    assert match["status"] == "completed", match
    appearances = [(each["start_time_seconds"], each["end_time_seconds"]) for each in match["appearances"]]
    spans = spans_of(scenes, person)
    for from_s, to_s in spans:
        if to_s - from_s >= max(2, 2 * interval_s):
            assert any(
                from_s <= start_s < from_s + interval_s and to_s - interval_s <= end_s < to_s
                for start_s, end_s in appearances
            ), f"{person} from {from_s} to {to_s} was not found: {appearances}"
    for start_s, end_s in appearances:
        assert any(from_s <= start_s and end_s < to_s for from_s, to_s in spans), f"{person} is not there: {start_s}"
    for face in match["data"]["faces_matches"]:
        if face["similarity"] >= match["similarity_threshold"]:
            own = shown_at(scenes, face["timestamp"], person)
            assert own is not None, f"{person} is not there: {face}"
            box = face["face_bounding_box"]
            x, y = (box["left"] + box["width"] / 2) * WIDTH, (box["top"] + box["height"] / 2) * HEIGHT
            _, _, left, top, side = own
            assert left - 20 < x < left + side + 20, f"that is somebody else's face: {face}"
            assert top - 20 < y < top + side + 20, f"that is somebody else's face: {face}"
    for each in match["appearances"]:
        assert each["start_time_seconds"] <= each["best"]["timestamp"] <= each["end_time_seconds"]
        assert each["best"]["similarity"] >= match["similarity_threshold"]


def assert_everybody_is_found(caller: Caller, file: Json, scenes: tuple[Scene, ...], per_second: float = 1) -> Json:
    """Matches of everybody of the cast, over the same faces; the first."""
    first = caller.match(file, PEOPLE[0], per_second)
    assert_true(first, scenes, PEOPLE[0], per_second)
    for person in PEOPLE[1:]:
        match = caller.match(file, person, face_detection_id=first["face_detection_id"])
        assert_true(match, scenes, person, per_second)
        assert match["coverage"] == first["coverage"]
    return first


# --- films of known truth -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scenes", "per_second"),
    [
        ((Scene(3, (LEFT,)), Scene(2)), 1),
        ((Scene(1), Scene(3, (LEFT, RIGHT)), Scene(2, (RIGHT,))), 1),
        ((Scene(4),), 1),
        ((Scene(2, (LEFT,)), Scene(2), Scene(3, (LEFT_AGAIN,))), 1),
        ((Scene(2, (LEFT,)), Scene(0.4), Scene(2, (LEFT_AGAIN,))), 10),
        (WITH_CUTS, 1),
        (WITH_CUTS, 10),
        ((Scene(0.24, (SMALL,)), Scene(2, (SMALL_TOO,)), Scene(3, (SMALL,))), 4),
    ],
    ids=[
        "one person",
        "two people",
        "nobody",
        "the same person twice",
        "the same person twice, dense",
        "cuts in the middle of a second",
        "cuts in the middle of a second, dense",
        "cuts that change little but the face",
    ],
)
def test_everybody_is_found_when_they_are_there_and_only_then(
    caller: Caller, scenes: tuple[Scene, ...], per_second: float
) -> None:
    file = caller.upload(films.film(scenes))
    first = assert_everybody_is_found(caller, file, scenes, per_second)
    seconds = sum(scene.seconds for scene in scenes)
    coverage = first["coverage"]
    assert coverage["start_time_seconds"] == 0
    assert coverage["end_time_seconds"] == pytest.approx(seconds)
    assert coverage["frames_in_file"] == round(seconds * 25)
    assert coverage["frames_missed"] == 0
    assert coverage["shortest_missable_seconds"] == 1 / per_second


def test_people_are_found_where_pictures_come_unevenly(caller: Caller) -> None:
    file = caller.upload(films.film(frame_times_s=UNEVEN))
    coverage = assert_everybody_is_found(caller, file, SCENES)["coverage"]
    assert coverage["frames_in_file"] == len(UNEVEN)


def test_where_every_picture_was_looked_at_nobody_can_have_been_missed(caller: Caller) -> None:
    file = caller.upload(films.film(frame_rate=Fraction(5)))
    coverage = assert_everybody_is_found(caller, file, SCENES, 10)["coverage"]
    assert (coverage["frames_looked_at"], coverage["shortest_missable_seconds"]) == (30, 0)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_people_are_found_upright_however_the_phone_was_held(caller: Caller, rotation: int) -> None:
    file = caller.upload(films.film(rotation=rotation))
    assert (file["media_info"]["width"], file["media_info"]["height"]) == (WIDTH, HEIGHT)
    assert_everybody_is_found(caller, file, SCENES)


@pytest.mark.parametrize("audio", [False, True])
def test_sound_makes_no_difference_but_that_it_is_told(caller: Caller, audio: bool) -> None:
    file = caller.upload(films.film(audio=audio))
    assert file["media_info"]["has_audio"] == audio
    assert_everybody_is_found(caller, file, SCENES)


def test_a_video_of_a_single_picture_is_a_video(caller: Caller) -> None:
    file = caller.upload(films.one_frame())
    assert file["frame_count"] == 1
    [appearance] = caller.match(file, EILEEN)["appearances"]
    assert (appearance["start_time_seconds"], appearance["end_time_seconds"], appearance["face_count"]) == (0, 0, 1)
    assert caller.match(file, GRACE)["appearances"] == []


def test_of_a_file_that_breaks_off_what_is_there_is_looked_at(caller: Caller) -> None:
    file = caller.upload(films.truncated(films.film(faststart=True)))
    assert file["status"] == "completed"
    seconds = file["media_info"]["duration_seconds"]
    assert 2 < seconds < 6
    match = caller.match(file, EILEEN)
    assert_true(match, SCENES, EILEEN)
    assert match["coverage"]["end_time_seconds"] == seconds


# --- files that are no video ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (films.truncated(films.film()), "damaged or incomplete"),  # the index, at the end, is missing
        (jpeg(EILEEN), "picture, not a video"),
        (films.sound_only(), "sound, but no video"),
        (b"once upon a time", "no video of a supported format"),
    ],
    ids=["truncated", "picture", "sound", "text"],
)
def test_a_file_that_is_no_video_says_so_and_is_of_no_use(caller: Caller, data: bytes, said: str) -> None:
    file = caller.upload(data)
    assert file["status"] == "failed"
    assert said in file["error"]
    refused = caller.ask(file, EILEEN)
    assert refused.status_code == 400
    assert said in refused.json()["error"]


def test_a_file_of_no_bytes_is_refused_or_fails(caller: Caller) -> None:
    sent = caller.http.post("/files", files={"file": ("film.mp4", b"", "video/mp4")})
    if sent.status_code == 200:
        assert caller.ended(f"/files/{sent.json()['id']}")["status"] == "failed"
    else:
        assert sent.status_code == 400


# --- windows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"start_time_seconds": 1}, (1, 6, [(1, 1)])),
        ({"end_time_seconds": 1}, (0, 1, [(0, 0)])),
        ({"start_time_seconds": 0.5, "end_time_seconds": 3}, (0.5, 3, [(0.5, 1.5)])),
        ({"start_time_seconds": 2, "end_time_seconds": 4}, (2, 4, [])),
        ({"start_time_seconds": 5.99}, (5.99, 6, [])),
        ({"end_time_seconds": 6.3}, (0, 6, [(0, 1)])),  # a client that rounds
    ],
)
def test_only_the_window_is_looked_at(
    caller: Caller, usual: Json, window: Json, expected: tuple[float, float, list[tuple[float, float]]]
) -> None:
    match = caller.match(usual, EILEEN, **window)
    coverage = match["coverage"]
    assert (coverage["start_time_seconds"], coverage["end_time_seconds"]) == expected[:2]
    shown = [(each["start_time_seconds"], each["end_time_seconds"]) for each in match["appearances"]]
    assert shown == expected[2]


@pytest.mark.parametrize(
    "window",
    [
        {"start_time_seconds": 6},
        {"start_time_seconds": 60, "end_time_seconds": 70},
        {"end_time_seconds": 7},
        {"start_time_seconds": 3, "end_time_seconds": 3},
        {"start_time_seconds": 3, "end_time_seconds": 2},
        {"start_time_seconds": -1},
        {"frames_per_second": 0.05},
        {"frames_per_second": 31},
    ],
)
def test_a_window_out_of_bounds_is_refused(caller: Caller, usual: Json, window: Json) -> None:
    refused = caller.ask(usual, EILEEN, **window)
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]


# --- deletion -------------------------------------------------------------------------------------------------


def tables_that_mention(database: psycopg.Connection[Any], *ids: str) -> set[str]:
    """Tables with a row in which one of some ids stands anywhere."""
    tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = set()
    for (table,) in tables:
        for each in ids:
            statement = f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s'
            [count] = database.execute(statement, [f"%{each}%"])
            if count[0]:
                found.add(table)
    return found


def files_that_mention(home: Path, file_id: str) -> list[Path]:
    return [path for path in (home / "blobs").rglob("*") if file_id in str(path) and path.is_file()]


def test_a_deleted_file_leaves_neither_rows_nor_bytes(caller: Caller) -> None:
    kept, file = caller.upload(films.film()), caller.upload(films.film())
    caller.match(kept, EILEEN)
    match = caller.match(file, EILEEN)
    ids = [file["id"], match["face_match_id"], match["face_detection_id"], match["frame_extraction_id"]]
    links = [file["thumbnail_url"], match["appearances"][0]["best"]["thumbnail_url"]]
    assert [httpx.get(link).status_code for link in links] == [200, 200]
    of_kept = files_that_mention(caller.server.home, kept["id"])
    assert len(of_kept) == len(files_that_mention(caller.server.home, file["id"])) == 8

    assert told(caller.http.delete(f"/files/{file['id']}"))["id"] == file["id"]
    for path in (
        f"/files/{file['id']}",
        f"/face-match/{match['face_match_id']}",
        f"/face-detect/{match['face_detection_id']}",
    ):
        assert caller.http.get(path).status_code == 404
    deadline = time.monotonic() + 30
    while files_that_mention(caller.server.home, file["id"]):
        assert time.monotonic() < deadline, "bytes of a deleted file are left"
        time.sleep(0.05)
    assert [httpx.get(link).status_code for link in links] == [404, 404]
    with caller.server.look_inside() as database:
        while (left := tables_that_mention(database, *ids)) == {"procrastinate_jobs"}:  # the erasure itself
            assert time.monotonic() < deadline, "an entry in the queue is left"
        assert left <= {"procrastinate_jobs", "procrastinate_events"}
    assert files_that_mention(caller.server.home, kept["id"]) == of_kept
