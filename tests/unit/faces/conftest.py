"""Sample photographs and engines, shared by the tests of the faces room."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.faces import FaceEngine, UInt8Array


@pytest.fixture(scope="session")
def ada() -> UInt8Array:
    """Eileen Collins, 512 x 512, one frontal face."""
    import skimage.data

    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def grace() -> UInt8Array:
    """Grace Hopper, one face with glasses and hat."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


@pytest.fixture(scope="session")
def luis() -> UInt8Array:
    """Luis Pedro Coelho, one face."""
    import mahotas.demos

    return np.ascontiguousarray(mahotas.demos.load("luispedro")[..., :3])


@pytest.fixture(scope="session")
def people(ada: UInt8Array, grace: UInt8Array, luis: UInt8Array) -> dict[str, UInt8Array]:
    return {"ada": ada, "grace": grace, "luis": luis}


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture(scope="session")
def engine(cache_dir: Path) -> FaceEngine:
    return FaceEngine.load(backend="onnxruntime", cache_dir=cache_dir)
