"""No frame of an accepted video is lost: workers and servers are killed, and it is looked at to its end, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from support import films
from support.films import Scene
from support.people import EILEEN, GRACE
from support.server import Server

# At one frame a second: units of 30 frames, five in all.
SECONDS, PER_SECOND = 150, 1
LONG = (Scene(60, ((EILEEN, 0, 20, 25, 120),)), Scene(30), Scene(60, ((GRACE, 1, 165, 30, 120),)))

Json = dict[str, Any]


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that these tests treat badly, one after the other."""
    server = Server(tmp_path_factory.mktemp("videos") / "home", workers=2)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def credentials(own_server: Server) -> dict[str, str]:
    return own_server.create_app("acme", "camera")


@pytest.fixture(scope="module")
def film() -> bytes:
    return films.film(LONG, width=320, height=180, frame_rate=2, gop=20)


def client_of(server: Server, credentials: dict[str, str]) -> httpx.Client:
    return httpx.Client(
        base_url=f"{server.base_url}/v1", headers={"Authorization": f"Bearer {credentials['apiKey']}"}, timeout=60
    )


def upload(client: httpx.Client, film: bytes) -> Json:
    answer = client.post("/files", files={"file": ("film.mp4", film, "video/mp4")})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def detect(client: httpx.Client, file: Json) -> Json:
    frames = {"strategy": "uniform", "uniform_config": {"frames_per_second": PER_SECOND}}
    answer = client.post("/face-detect", json={"url": file["uri"], "frame_extraction_config": frames})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def ended(client: httpx.Client, path: str) -> Json:
    deadline = time.monotonic() + 120
    while (told := client.get(path).json())["status"] not in ("completed", "failed"):
        assert time.monotonic() < deadline, told
        time.sleep(0.05)
    assert told["status"] == "completed", told
    return dict(told)


def wait_until_begun(client: httpx.Client, detection: Json) -> None:
    """Until a unit has ended, and not all have."""
    while (now := client.get(f"/face-detect/{detection['face_detection_id']}").json())["progress"] == 0:
        time.sleep(0.01)
    assert now["status"] == "processing", "the detection was over before it could be disturbed"


def assert_every_frame_was_looked_at_once(client: httpx.Client, detection: Json) -> None:
    told = ended(client, f"/face-detect/{detection['face_detection_id']}")
    coverage = told["coverage"]
    assert (coverage["frames_looked_at"], coverage["frames_missed"]) == (SECONDS * PER_SECOND, 0)
    faces: list[Json] = []
    while len(faces) < told["data"]["total"]:
        page = client.get(f"/face-detect/{detection['face_detection_id']}?limit=100&offset={len(faces)}").json()
        faces += page["data"]["faces"]
    shown = [*range(60 * PER_SECOND), *range(90 * PER_SECOND, SECONDS * PER_SECOND)]
    assert [round(face["timestamp"] * PER_SECOND) for face in faces] == shown
    assert len({face["id"] for face in faces}) == len(shown)


def units_in_hand(database: psycopg.Connection[Any]) -> tuple[int, int]:
    """How many units are being worked on, and by how many workers."""
    [counts] = database.execute(
        "SELECT count(*), count(DISTINCT worker_id) FROM procrastinate_jobs"
        " WHERE status = 'doing' AND task_name = 'video' AND args->>'task' = 'frames'"
    )
    return int(counts[0]), int(counts[1])


def test_two_workers_share_a_video(own_server: Server, credentials: dict[str, str], film: bytes) -> None:
    with client_of(own_server, credentials) as client:
        file = upload(client, film)
        ended(client, f"/files/{file['id']}")
        with own_server.look_inside() as database:
            detection = detect(client, file)
            deadline = time.monotonic() + 30
            while units_in_hand(database) != (2, 2):
                assert time.monotonic() < deadline, "only one worker is at it"
        assert_every_frame_was_looked_at_once(client, detection)


def test_a_worker_killed_in_the_middle_of_a_film_loses_and_doubles_nothing(
    own_server: Server, credentials: dict[str, str], film: bytes
) -> None:
    with client_of(own_server, credentials) as client:
        file = upload(client, film)
        ended(client, f"/files/{file['id']}")
        detection = detect(client, file)
        wait_until_begun(client, detection)
        killed = own_server.worker_pids()[0]
        os.kill(killed, signal.SIGKILL)
        assert_every_frame_was_looked_at_once(client, detection)
    deadline = time.monotonic() + 30
    while len(workers := own_server.worker_pids()) < 2:
        assert time.monotonic() < deadline, "no worker took the place of the one that was killed"
        time.sleep(0.1)
    assert killed not in workers


def test_all_processes_killed_right_after_the_upload_was_answered_and_the_file_is_still_looked_into(
    own_server: Server, credentials: dict[str, str], film: bytes
) -> None:
    workers = own_server.worker_pids()
    with client_of(own_server, credentials) as client:
        file = upload(client, film)
        detection = detect(client, file)
        own_server.kill()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    own_server.start()
    with client_of(own_server, credentials) as client:
        assert ended(client, f"/files/{file['id']}")["media_info"]["duration_seconds"] == SECONDS
        assert_every_frame_was_looked_at_once(client, detection)
