from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from visavis.errors import ModelPackError
from visavis.faces import default_pack
from visavis.faces.packs import ModelFile
from visavis.faces.prepared import prepared_graph

DETECTOR = default_pack().detector


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    prepared_graph(DETECTOR, "detector", tmp_path)
    (path,) = tmp_path.iterdir()
    return path


def test_a_prepared_graph_is_read_back_and_not_made_again(cached: Path) -> None:
    before = cached.stat()
    assert prepared_graph(DETECTOR, "detector", cached.parent) == prepared_graph(DETECTOR, "detector", None)
    assert cached.stat().st_mtime_ns == before.st_mtime_ns
    assert list(cached.parent.iterdir()) == [cached]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],  # the disk was full
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),  # one bit
        lambda content: b"x" + content[1:],
    ],
)
def test_a_damaged_cache_is_rebuilt(cached: Path, damage: object) -> None:
    whole = cached.read_bytes()
    cached.write_bytes(damage(whole))  # type: ignore[operator]
    prepared_graph(DETECTOR, "detector", cached.parent)
    assert cached.read_bytes() == whole


def test_a_damaged_source_is_refused_even_when_its_graph_is_cached(cached: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere.onnx"
    shutil.copy(DETECTOR.path, copy)
    copy.write_bytes(copy.read_bytes()[:-1])
    with pytest.raises(ModelPackError):
        prepared_graph(ModelFile(copy, DETECTOR.sha256), "detector", cached.parent)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    assert prepared_graph(DETECTOR, "detector", in_the_way / "cache")


def test_processes_that_prepare_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        first, second = pool.map(prepare_in_child, [tmp_path, tmp_path])
    assert first == second
    (path,) = tmp_path.iterdir()
    assert path.read_bytes().endswith(prepared_graph(DETECTOR, "detector", None))


def prepare_in_child(folder: Path) -> int:
    return len(prepared_graph(DETECTOR, "detector", folder))
