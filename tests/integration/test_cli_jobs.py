"""``visavis jobs list`` and ``show``: work of every kind, and how far it is."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.client import Client
from support.films import film
from support.people import EILEEN, picture
from support.server import Server


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without workers: what it accepts stays as it is."""
    server = Server(tmp_path_factory.mktemp("idle") / "home", workers=0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def asked(idle: Server) -> dict[str, str]:
    """A job of pictures, a video and a match in it, by kind; another organisation has a video of its own."""
    credentials = idle.create_app("acme", "camera")
    client = Client(idle.base_url, credentials)
    job = (
        client.post("/v2/recognition/recognize/office", json={"customId": "visit 7", "images": [picture(EILEEN)]})
        .raise_for_status()
        .json()
    )
    client.close()
    video = _upload(idle, credentials)
    body = {
        "source_image": {"base64_image": picture(EILEEN)["blob"]},
        "target_video_url": f"cloudglue://files/{video}",
    }
    match = _post(idle, credentials, "/face-match", json=body)
    _upload(idle, idle.create_app("globex", "camera"))
    return {
        "recognize": job["id"],
        "video": video,
        "face_match": match["face_match_id"],
        "face_detection": match["face_detection_id"],
        "frame_extraction": match["frame_extraction_id"],
    }


def _post(server: Server, credentials: dict[str, str], path: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {credentials['apiKey']}"}
    answer: dict[str, Any] = (
        httpx.post(f"{server.base_url}/v1{path}", headers=headers, **body).raise_for_status().json()
    )
    return answer


def _upload(server: Server, credentials: dict[str, str]) -> str:
    file: str = _post(server, credentials, "/files", files={"file": ("a.mp4", film(), "video/mp4")})["id"]
    return file


def listed(server: Server, *options: str) -> list[dict[str, Any]]:
    work: list[dict[str, Any]] = json.loads(server.run("jobs", "list", "--json", *options).stdout)
    return work


def test_everything_that_was_asked_for_is_listed_newest_first(idle: Server, asked: dict[str, str]) -> None:
    work = listed(idle, "--org", "acme")
    assert {each["kind"]: each["id"] for each in work} == asked
    assert [each["createdAt"] for each in work] == sorted((each["createdAt"] for each in work), reverse=True)
    assert {each["progress"] for each in work} == {0}
    assert {each["kind"]: each.get("name") for each in work} == {
        **dict.fromkeys(asked, "a.mp4"),
        "recognize": "visit 7",
    }
    assert {each["organization"] for each in work} == {"acme"}


def test_every_organisation_is_listed_unless_one_is_named(idle: Server, asked: dict[str, str]) -> None:
    assert len(listed(idle)) == len(asked) + 1
    assert [each["kind"] for each in listed(idle, "--org", "globex")] == ["video"]
    assert listed(idle, "--org", "nobody") == []
    assert len(listed(idle, "--limit", "2")) == 2


@pytest.mark.parametrize("kind", ["video", "face_match", "face_detection", "frame_extraction"])
def test_work_on_a_video_is_shown(idle: Server, asked: dict[str, str], kind: str) -> None:
    told = json.loads(idle.run("jobs", "show", asked[kind], "--json").stdout)
    assert (told["id"], told["kind"], told["status"]) == (asked[kind], kind, "pending")
    assert (told["fileId"], told["name"]) == (asked["video"], "a.mp4")
    text = idle.run("jobs", "show", asked[kind]).stdout
    assert asked[kind] in text
    assert "pending" in text
    assert "0%" in text


def test_an_id_that_nobody_has_is_a_sentence(idle: Server) -> None:
    answer = idle.run("jobs", "show", "00000000-0000-4000-8000-000000000000", check=False)
    assert answer.returncode == 1
    assert "There is no job" in answer.stderr


def test_a_video_that_has_ended_is_not_listed_as_unfinished(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", workers=1)
    server.start()
    try:
        credentials = server.create_app("acme", "camera")
        headers = {"Authorization": f"Bearer {credentials['apiKey']}"}
        bad = _post(server, credentials, "/files", files={"file": ("a.mp4", b"no video", "video/mp4")})["id"]
        while httpx.get(f"{server.base_url}/v1/files/{bad}", headers=headers).json()["status"] != "failed":
            time.sleep(0.05)
        assert listed(server, "--unfinished") == []
        [told] = listed(server)
        assert (told["status"], told["progress"]) == ("failed", 1)
        assert told["failure"] in server.run("jobs", "show", bad).stdout.replace("\n", " ")
        assert "Nothing has been asked for" in server.run("jobs", "list", "--unfinished").stdout
    finally:
        server.stop()
