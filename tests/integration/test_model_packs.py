"""Model packs by address: fetched once from a real HTTP server, checked, kept."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from visavis import samples
from visavis.errors import ModelPackError
from visavis.faces import FaceEngine, default_pack
from visavis.model_packs import obtain_pack


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, in silence, and counts."""

    requests: list[str]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.requests.append(self.path)
        super().do_GET()


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """The default pack, laid down as an operator would publish it."""
    folder = tmp_path / "origin"
    folder.mkdir()
    pack = default_pack()
    files = {}
    for part, file in (("detector", pack.detector), ("recogniser", pack.recogniser)):
        (folder / f"{part}.onnx").write_bytes(file.read())
        files[part] = {"file": f"{part}.onnx", "sha256": file.sha256}
    calibration = {"operating_points": [[1e-3, 0.372], [1e-4, 0.434]], "slope": 32, "midpoint": 0.344}
    manifest = {"name": "ours", "licence": "ours", **files, "calibration": calibration}
    (folder / "pack.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def address(origin: Path) -> Iterator[str]:
    """Where the pack is published."""
    Handler.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(origin))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/pack.json"
        server.shutdown()
        thread.join()


def test_a_pack_is_fetched_once_and_works(address: str, tmp_path: Path) -> None:
    pack = obtain_pack(address, tmp_path / "models")
    assert Handler.requests == ["/pack.json", "/detector.onnx", "/recogniser.onnx"]
    engine = FaceEngine.load(pack, cache_dir=tmp_path / "models", backend="onnxruntime")
    [faces] = engine.analyze([samples.portrait(samples.PEOPLE[0])])
    assert len(faces) == 1
    assert obtain_pack(address, tmp_path / "models") == pack
    assert len(Handler.requests) == 3


def test_a_pack_in_a_folder_is_read_where_it_lies(origin: Path, tmp_path: Path) -> None:
    assert obtain_pack(str(origin), tmp_path / "models").name == "ours"
    assert not (tmp_path / "models").exists()


def test_a_file_that_was_swapped_on_the_way_is_refused_and_fetched_again_next_time(
    address: str, origin: Path, tmp_path: Path
) -> None:
    right = (origin / "recogniser.onnx").read_bytes()
    (origin / "recogniser.onnx").write_bytes(right[:-1] + b"x")
    with pytest.raises(ModelPackError, match="SHA-256 differs"):
        obtain_pack(address, tmp_path / "models")
    (origin / "recogniser.onnx").write_bytes(right)
    pack = obtain_pack(address, tmp_path / "models")
    assert pack.recogniser.sha256 == hashlib.sha256(right).hexdigest()


@pytest.mark.parametrize(
    ("manifest", "complaint"),
    [
        (b"<html>not found</html>", "not the manifest"),
        (b"{}", "not the manifest"),
        # a file elsewhere on this machine is not the pack's to name
        (b'{"detector": {"file": "../d", "sha256": ""}, "recogniser": {"file": "r", "sha256": ""}}', "beside it"),
    ],
)
def test_what_is_no_manifest_is_refused(
    address: str, origin: Path, tmp_path: Path, manifest: bytes, complaint: str
) -> None:
    (origin / "pack.json").write_bytes(manifest)
    with pytest.raises(ModelPackError, match=complaint):
        obtain_pack(address, tmp_path / "models")
    assert [path for path in (tmp_path / "models").rglob("*") if path.is_file()] == []


def test_an_address_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match="could not be fetched"):
        obtain_pack("http://127.0.0.1:9/pack.json", tmp_path)
