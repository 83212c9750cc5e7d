"""Nothing accepted is lost: processes are killed at bad moments, and every job still ends exactly once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.client import Client, Json, blob
from support.receiver import Receiver
from support.server import Server, free_port
from visavis import samples


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own, to be treated badly."""
    server = Server(tmp_path / "home", workers=2)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def batch() -> list[Json]:
    """64 pictures of three people."""
    return [
        blob(view.jpeg, f"{name} {number}")
        for name in samples.PEOPLE
        for number, view in enumerate(samples.views(name, 22, side_px=400))
    ][:64]


def wait_until_begun(client: Client, namespace: str, job: Json) -> None:
    """Until a picture of the job has ended, and not all have."""
    while True:
        now = client.get(f"/v2/recognition/recognize/{namespace}/{job['id']}").json()
        ended = sum(image["status"] != "IN_PROGRESS" for image in now["images"])
        assert ended < len(now["images"]), "the job was over before it could be disturbed"
        if ended:
            return
        time.sleep(0.01)


def assert_every_picture_has_one_result(client: Client, namespace: str, job: Json, batch: list[Json]) -> None:
    assert job["status"] == "COMPLETED_SUCCESSFULLY"
    assert [image["customId"] for image in job["images"]] == [image["customId"] for image in batch]
    assert [len(image["objects"]) for image in job["images"]] == [1] * len(batch)
    faces = [face for group in client.groups(namespace, limit=100) for face in group["images"]]
    assert len(faces) == len(batch)
    assert {face["customId"] for face in faces} == {image["customId"] for image in batch}


def test_a_worker_killed_in_the_middle_of_a_job_loses_and_doubles_nothing(
    own_server: Server, batch: list[Json]
) -> None:
    with Client(own_server.base_url, own_server.create_app("acme", "camera")) as client:
        client.recognize("warm-up", batch[:2])
        before = own_server.worker_pids()
        assert len(before) == 2
        job = client.send_job("office", batch)
        wait_until_begun(client, "office", job)
        os.kill(before[0], signal.SIGKILL)
        ended = client.wait("office", job)
        assert_every_picture_has_one_result(client, "office", ended, batch)
        deadline = time.monotonic() + 30
        while len(own_server.worker_pids()) < 2:
            assert time.monotonic() < deadline, "no worker took the place of the one that was killed"
            time.sleep(0.1)
        assert before[0] not in own_server.worker_pids()


def test_all_processes_killed_right_after_the_answer_and_the_job_still_ends(
    own_server: Server, batch: list[Json]
) -> None:
    credentials = own_server.create_app("acme", "camera")
    with Client(own_server.base_url, credentials) as client:
        workers = own_server.worker_pids()
        job = client.send_job("office", batch)
        own_server.kill()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
    own_server.start()
    with Client(own_server.base_url, credentials) as client:
        ended = client.wait("office", job)
        assert_every_picture_has_one_result(client, "office", ended, batch)


def test_a_stop_in_the_middle_of_a_job_is_clean_and_the_job_ends_after_the_next_start(
    own_server: Server, batch: list[Json]
) -> None:
    credentials = own_server.create_app("acme", "camera")
    with Client(own_server.base_url, credentials) as client:
        client.recognize("warm-up", batch[:2])
        job = client.send_job("office", batch)
        wait_until_begun(client, "office", job)
    assert own_server.stop() == 0
    own_server.start()
    with Client(own_server.base_url, credentials) as client:
        ended = client.wait("office", job)
        assert_every_picture_has_one_result(client, "office", ended, batch)


def test_a_database_that_is_killed_comes_back_and_the_job_ends(own_server: Server, batch: list[Json]) -> None:
    postmaster = int((own_server.home / "postgres" / "postmaster.pid").read_text().split()[0])
    credentials = own_server.create_app("acme", "camera")
    with Client(own_server.base_url, credentials) as client:
        client.recognize("warm-up", batch[:2])
        job = client.send_job("office", batch)
        wait_until_begun(client, "office", job)
        os.kill(postmaster, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while httpx.get(f"{own_server.base_url}/readyz", timeout=30).status_code != 200:
            assert time.monotonic() < deadline, "the database has not come back"
            time.sleep(0.2)
        ended = client.wait("office", job)
        assert_every_picture_has_one_result(client, "office", ended, batch)


def test_workers_end_when_their_server_is_killed(own_server: Server) -> None:
    workers = own_server.worker_pids()
    assert len(workers) == 2
    own_server.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker has outlived its server"
        time.sleep(0.1)
    own_server.start()  # for the fixture to stop


def test_twenty_jobs_at_once_with_one_new_person_make_one_group(own_server: Server) -> None:
    views = samples.views(samples.PEOPLE[0], 20, side_px=256)
    credentials = own_server.create_app("acme", "camera")
    with Client(own_server.base_url, credentials) as client:
        jobs: list[Json] = []
        lock = threading.Lock()

        def send(view: samples.View) -> None:
            job = client.send_job("door", [blob(view.jpeg)])
            with lock:
                jobs.append(job)

        threads = [threading.Thread(target=send, args=[view]) for view in views]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(jobs) == 20
        for job in jobs:
            assert client.wait("door", job)["status"] == "COMPLETED_SUCCESSFULLY"
        [group] = client.groups("door")
        assert len(group["images"]) == 20


def test_an_event_whose_receiver_was_down_arrives_after_both_have_been_started_again(
    tmp_path: Path, batch: list[Json]
) -> None:
    own_server = Server(tmp_path / "home", workers=1, allow_private_urls="1")
    own_server.start()
    try:
        credentials = own_server.create_app("acme", "camera")
        port = free_port()  # nobody listens
        with Client(own_server.base_url, credentials) as client:
            sent = client.send_job("office", batch[:1], webhookUrl=f"http://127.0.0.1:{port}/hook")
            ended = client.wait("office", sent)
        deadline = time.monotonic() + 30
        while deliveries(own_server, ended)[0]["attempts"] == 0:
            assert time.monotonic() < deadline, "nobody has tried to deliver"
        workers = own_server.worker_pids()
        own_server.kill()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        with Receiver(port=port) as receiver:
            own_server.start()
            [event] = receiver.wait_for("/hook")
            assert event.json["id"] == ended["id"]
            assert event.json["status"] == "COMPLETED_SUCCESSFULLY"
            deadline = time.monotonic() + 30
            while deliveries(own_server, ended)[0]["status"] != "delivered":
                assert time.monotonic() < deadline, "it has arrived, and is not noted down"
            assert len(receiver.received) == 1
    finally:
        own_server.stop()


def deliveries(server: Server, job: Json) -> list[Json]:
    told: list[Json] = json.loads(server.run("webhooks", "list", "--job", job["id"], "--json").stdout)
    return told
