"""``visavis import``: folders become people, once, however often it runs and wherever it was stopped."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from support.client import Client
from support.people import EILEEN, GRACE, LUIS, empty_scene, jpeg, side_by_side
from support.server import COMMAND, Server
from visavis.cli import main

PEOPLE = {"eileen": EILEEN, "grace": GRACE, "luis [née?]": LUIS}

Import = Callable[..., tuple[int | str | None, str, str]]
_numbers = itertools.count(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three people with three views each, and what else lies about in such folders."""
    root = tmp_path / "people"
    for name, person in PEOPLE.items():
        (root / name).mkdir(parents=True)
        for number in range(3):
            (root / name / f"{number}.jpg").write_bytes(jpeg(person, number))
    (root / "grace" / "broken.jpg").write_bytes(jpeg(GRACE, 3)[:2000])
    (root / "grace" / "notes.txt").write_text("not a picture")
    (root / "grace" / ".hidden").write_text("not looked at")
    (root / "luis [née?]" / "coffee.jpg").write_bytes(empty_scene())
    (root / "eileen" / "with grace.jpg").write_bytes(side_by_side((EILEEN, 1), (GRACE, 1)))
    (root / "nobody").mkdir()
    (root / "nobody" / "empty.jpg").write_bytes(empty_scene())
    return root


@pytest.fixture(scope="module")
def ada(server: Server) -> Iterator[Client]:
    """One client for all tests here; each has a namespace of its own."""
    with Client(server.base_url, server.create_app("importers", "staff")) as client:
        yield client


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test has, with signs that must be encoded in a path."""
    return f"staff/münchen {next(_numbers)}"


@pytest.fixture
def import_folder(
    ada: Client, namespace: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Import:
    """The command: its exit code, its output, its complaints."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(folder: Path, url: str | None = None, secret: str | None = None) -> tuple[int | str | None, str, str]:
        monkeypatch.setenv("VISAVIS_CLIENT_ID", ada.credentials["clientId"])
        monkeypatch.setenv("VISAVIS_CLIENT_SECRET", secret or ada.credentials["clientSecret"])
        arguments = ["import", str(folder), "--namespace", namespace, "--url", url or str(ada.base_url)]
        monkeypatch.setattr(sys, "argv", ["visavis", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return run


def sent_pictures(client: Client, namespace: str) -> list[str]:
    answer = client.post(f"/v2/recognition/recognize/{quote(namespace, safe='')}/search", json={"limit": 100})
    return [image["customId"] for job in answer.json() for image in job["images"]]


def faces_of(client: Client, namespace: str) -> dict[str, int]:
    """How many faces each identity has; a second identity of one name would fail."""
    found = client.identities(quote(namespace, safe=""), limit=100)
    assert len({identity["customId"] for identity in found}) == len(found)
    return {identity["customId"]: len(identity["images"]) for identity in found}


def test_each_folder_becomes_a_person_and_a_second_run_doubles_nothing(
    folder: Path, ada: Client, namespace: str, import_folder: Import
) -> None:
    code, out, err = import_folder(folder)
    assert code == 0, out + err
    rejected = [line.removeprefix(f"rejected {folder}/") for line in out.splitlines() if "rejected /" in line]
    assert sorted(rejected) == [
        "eileen/with grace.jpg: several faces",
        "grace/broken.jpg: unreadable",
        "grace/notes.txt: unreadable",
        "luis [née?]/coffee.jpg: no face",
        "nobody/empty.jpg: no face",
    ]
    # at least its own three; the server may have recognised a face of the double portrait as well
    made = faces_of(ada, namespace)
    assert set(made) == set(PEOPLE)
    assert min(made.values()) >= 3
    pictures = sent_pictures(ada, namespace)
    assert len(pictures) == len(set(pictures)) == 13
    assert max(map(len, pictures)) <= 64

    code, out, err = import_folder(folder)
    assert code == 0, out + err
    assert sorted(sent_pictures(ada, namespace)) == sorted(pictures)
    assert faces_of(ada, namespace) == made

    (folder / "grace" / "new.jpg").write_bytes(jpeg(GRACE, 4))
    assert import_folder(folder)[0] == 0
    assert len(sent_pictures(ada, namespace)) == 14
    assert faces_of(ada, namespace) == {**made, "grace": made["grace"] + 1}


def test_a_run_killed_before_the_names_were_given_is_taken_up_by_the_next(
    folder: Path, ada: Client, namespace: str, import_folder: Import
) -> None:
    command = [*COMMAND, "import", str(folder), "--namespace", namespace, "--url", str(ada.base_url)]
    secrets = {
        "VISAVIS_CLIENT_ID": ada.credentials["clientId"],
        "VISAVIS_CLIENT_SECRET": ada.credentials["clientSecret"],
    }
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env={**os.environ, **secrets}, stdout=quiet, stderr=quiet)
    while not sent_pictures(ada, namespace):
        assert process.poll() is None, "it was over before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    pictures = sent_pictures(ada, namespace)
    assert len(faces_of(ada, namespace)) < len(PEOPLE)

    assert import_folder(folder)[0] == 0
    assert sorted(sent_pictures(ada, namespace)) == sorted(pictures)
    assert set(faces_of(ada, namespace)) == set(PEOPLE)


def test_more_faces_than_one_change_may_have_are_added_to_an_identity_that_is_there(
    tmp_path: Path, ada: Client, namespace: str, import_folder: Import
) -> None:
    home = tmp_path / "people" / "luis"
    home.mkdir(parents=True)
    ada.create_identity(quote(namespace, safe=""), [], customId="luis")
    for number in range(23):
        (home / f"{number}.jpg").write_bytes(jpeg(LUIS, number))
    code, out, err = import_folder(home.parent)
    assert code == 0, out + err
    assert faces_of(ada, namespace) == {"luis": 23}


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on, but tells the third that its token has expired, and loses the answer to the first job."""

    protocol_version = "HTTP/1.1"
    upstream: str
    count = 0
    jobs = 0

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        kind = type(self)
        kind.count += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if kind.count == 3:
            self.answer(401, b'{"error": {"code": "not_authenticated", "message": "expired"}}')
            return
        headers = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
        upstream = httpx.request(self.command, self.upstream + self.path, content=body, headers=headers, timeout=60)
        if "/recognize/" in self.path and not self.path.endswith("/search") and self.command == "POST":
            kind.jobs += 1
            if kind.jobs == 1:
                self.close_connection = True
                self.connection.close()  # the job is stored; the client does not learn it
                return
        self.answer(upstream.status_code, upstream.content)

    do_GET = do_PATCH = do_POST  # noqa: N815

    def answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass  # the connection that it cut itself


@pytest.fixture
def bad_line(server: Server) -> Iterator[str]:
    """The shared server behind a connection that fails."""
    Proxy.upstream, Proxy.count, Proxy.jobs = server.base_url, 0, 0
    with QuietServer(("127.0.0.1", 0), Proxy) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()
        thread.join()


def test_an_expired_token_and_a_lost_answer_cost_nothing(
    folder: Path, ada: Client, namespace: str, import_folder: Import, bad_line: str
) -> None:
    code, out, err = import_folder(folder, bad_line)
    assert code == 0, out + err
    pictures = sent_pictures(ada, namespace)
    assert len(pictures) == len(set(pictures)) == 13
    assert set(faces_of(ada, namespace)) == set(PEOPLE)


def test_nothing_imported_is_a_failure(tmp_path: Path, ada: Client, namespace: str, import_folder: Import) -> None:
    (tmp_path / "people" / "nobody").mkdir(parents=True)
    (tmp_path / "people" / "nobody" / "empty.jpg").write_text("no picture")
    code, out, _ = import_folder(tmp_path / "people")
    assert code == 1
    assert "nobody/empty.jpg: unreadable" in out
    assert faces_of(ada, namespace) == {}


def test_mistakes_are_told_in_words(folder: Path, ada: Client, namespace: str, import_folder: Import) -> None:
    code, _, err = import_folder(folder, url="http://127.0.0.1:9")
    assert code == 1
    assert "No server answers at http://127.0.0.1:9" in err
    code, _, err = import_folder(folder, secret="wrong")
    assert code == 1
    assert "refuses this client id and secret" in err
    code, _, err = import_folder(folder / "missing")
    assert code == 1
    assert "There is no folder" in err
