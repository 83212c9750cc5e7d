"""The bare engine against OpenCV's own face pipeline, and its accuracy on labelled pairs.

    python bench/engine.py [PICTURES] [--pictures N] [--rounds N] [--pairs PAIRS.csv]

Speed: two spawned processes with one thread each decode a picture, find all its faces and embed each of
them. The contenders take turns in rounds over the same pictures, so that a ratio is taken under one load.
OpenCV runs FaceDetectorYN and FaceRecognizerSF on the same weights, unfolded to float32, at the same score
threshold; the engine looks at the landmarks twice, OpenCV does not.

PICTURES is a folder of JPEG files; without it, 250 x 250 views of the sample photographs are made.
Accuracy needs --pairs: a table fold,same,image_a,image_b with paths relative to PICTURES.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from visavis.faces import FaceEngine, Faces, cosine, default_pack
from visavis.faces.geometry import box_centres
from visavis.faces.metrics import fmr_fnmr_at, tenfold_accuracy

PROCESSES = 2
MIN_SCORE = 0.7  # of the engine's standard mode
TASK_PICTURES = 16


class Contender(Protocol):
    """Counts the faces that it has embedded in an encoded picture."""

    def faces_in(self, path: Path) -> int: ...


class OpenCvPipeline:
    """OpenCV's own detector, alignment and recogniser."""

    def __init__(self, models: Path) -> None:
        cv2.setNumThreads(1)
        self._detector = cv2.FaceDetectorYN.create(str(models / "detector.onnx"), "", (320, 320), MIN_SCORE, 0.3, 5000)
        self._recogniser = cv2.FaceRecognizerSF.create(str(models / "recogniser.onnx"), "")

    def faces_in(self, path: Path) -> int:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        height, width = image.shape[:2]
        self._detector.setInputSize((width, height))
        _, rows = self._detector.detect(image)
        rows = () if rows is None else rows
        for row in rows:
            self._recogniser.feature(self._recogniser.alignCrop(image, row))
        return len(rows)


class BareEngine:
    """Visavis without the service around it."""

    def __init__(self, backend: Any, cache_dir: Path) -> None:
        self._engine = FaceEngine.load(backend=backend, cache_dir=cache_dir)

    def faces_in(self, path: Path) -> int:
        (faces,) = self._engine.analyze([read_rgb(path)])
        return len(faces)


class Team:
    """A contender in worker processes of its own, which stay between rounds."""

    def __init__(self, kind: type, *args: Any, processes: int = PROCESSES) -> None:
        # A fork after OpenCV has started its threads hangs: spawn
        self._pool = ProcessPoolExecutor(
            processes, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(kind, args)
        )
        self.rates: list[float] = []
        self.faces = 0

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def run(self, paths: Sequence[Path]) -> float:
        """Pictures a second over one pass."""
        tasks = [list(paths[i : i + TASK_PICTURES]) for i in range(0, len(paths), TASK_PICTURES)]
        begun = time.perf_counter()
        self.faces = sum(self._pool.map(_work, tasks))
        rate = len(paths) / (time.perf_counter() - begun)
        self.rates.append(rate)
        return rate

    def warm_up(self, paths: Sequence[Path]) -> None:
        self.run([*paths[:TASK_PICTURES]] * 2 * PROCESSES)
        self.rates.clear()


_contender: Contender


def _begin(kind: type, args: tuple[Any, ...]) -> None:
    global _contender  # one contender per worker process
    _contender = kind(*args)


def _work(paths: list[Path]) -> int:
    return sum(_contender.faces_in(path) for path in paths)


@contextmanager
def opencv_baseline(processes: int = PROCESSES) -> Iterator[Team]:
    """OpenCV's pipeline as a team; its models are unfolded into a temporary folder."""
    import onnx

    from visavis.faces.graphs import fold_block_quantised, parse

    with tempfile.TemporaryDirectory() as folder:
        pack = default_pack()
        for name, file in (("detector", pack.detector), ("recogniser", pack.recogniser)):
            model = parse(file.read())
            fold_block_quantised(model)
            del model.graph.value_info[:]
            onnx.save(model, str(Path(folder) / f"{name}.onnx"))
        with Team(OpenCvPipeline, Path(folder), processes=processes) as team:
            yield team


@contextmanager
def bare_engine(backend: str, processes: int = PROCESSES) -> Iterator[Team]:
    """The engine with one backend as a team."""
    with tempfile.TemporaryDirectory() as folder:
        FaceEngine.load(backend=backend, cache_dir=Path(folder))  # type: ignore[arg-type]
        with Team(BareEngine, backend, Path(folder), processes=processes) as team:
            yield team


def read_rgb(path: Path) -> Any:
    return cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)


def pictures_of(folder: Path | None, count: int, scratch: Path) -> list[Path]:
    """So many pictures of a folder, evenly spread; without a folder, views made in ``scratch``."""
    if folder is None:
        return sample_views(scratch, count)
    every = sorted(folder.rglob("*.jpg"))
    return every[:: max(1, len(every) // count)][:count]


def sample_views(folder: Path, count: int) -> list[Path]:
    """Views of the sample photographs' faces at 250 x 250, cut with a little shift and mirrored by turns."""
    random = np.random.default_rng(1)
    engine = FaceEngine.load(backend="onnxruntime")
    photographs = [*_sample_photographs()]
    boxes = []
    for photograph in photographs:
        (faces,) = engine.analyze([photograph])
        boxes.append(faces.boxes_xyxy[faces.largest()])
    paths = []
    for i in range(count):
        photograph, box = photographs[i % len(photographs)], boxes[i % len(photographs)]
        side = float((box[2:] - box[:2]).max()) * random.uniform(2.0, 2.6)
        centre = (box[:2] + box[2:]) / 2 + random.uniform(-0.1, 0.1, 2) * side
        factor = 250 / side
        matrix = np.array([[factor, 0, 125 - centre[0] * factor], [0, factor, 125 - centre[1] * factor]])
        view = cv2.warpAffine(photograph, matrix, (250, 250), borderMode=cv2.BORDER_REPLICATE)
        view = view[:, ::-1] if i // len(photographs) % 2 else view
        paths.append(folder / f"{i:05}.jpg")
        cv2.imwrite(str(paths[-1]), np.ascontiguousarray(view[..., ::-1]))
    return paths


def _sample_photographs() -> Iterator[Any]:
    import mahotas.demos
    import matplotlib
    import skimage.data

    yield skimage.data.astronaut()
    yield read_rgb(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg")
    yield mahotas.demos.load("luispedro")[..., :3].copy()


def measure_speed(paths: Sequence[Path], rounds: int, backends: Iterable[str]) -> dict[str, Team]:
    """Rounds by turns; prints the median rates and the medians of the ratios within each round."""
    with ExitStack() as stack:
        teams = {"opencv": stack.enter_context(opencv_baseline())}
        teams |= {name: stack.enter_context(bare_engine(name)) for name in backends}
        for team in teams.values():
            team.warm_up(paths)
        for _ in range(rounds):
            for team in teams.values():
                team.run(paths)
    base = teams["opencv"]
    print(f"{len(paths)} pictures, {PROCESSES} processes, {rounds} rounds; median (range)")
    for name, team in teams.items():
        ratio = statistics.median(a / b for a, b in zip(team.rates, base.rates, strict=True))
        rate, low, high = statistics.median(team.rates), min(team.rates), max(team.rates)
        print(f"  {name:12} {rate:6.1f} img/s ({low:.1f}-{high:.1f})  {ratio:5.2f} x OpenCV  {team.faces} faces")
    return teams


def measure_accuracy(folder: Path, pairs_csv: Path, backend: str) -> None:
    """Ten-fold accuracy and error rates at the default threshold, on each picture's most central face."""
    with pairs_csv.open() as file:
        pairs = list(csv.DictReader(file))
    engine = FaceEngine.load(backend=backend)  # type: ignore[arg-type]
    names = sorted({row[side] for row in pairs for side in ("image_a", "image_b")})
    central = {name: _central(engine, folder / name) for name in names}
    lost = sum(embedding is None for embedding in central.values())
    scores = np.array(
        [
            -1.0 if a is None or b is None else cosine(a, b)
            for a, b in ((central[row["image_a"]], central[row["image_b"]]) for row in pairs)
        ]
    )
    mated = np.array([row["same"] == "1" for row in pairs])
    folds = np.array([int(row["fold"]) for row in pairs])
    mean, spread = tenfold_accuracy(scores, mated, folds)
    threshold = engine.calibration.default_threshold
    fmr, fnmr = fmr_fnmr_at(threshold, scores, mated)
    print(
        f"  {engine.backend_name:12} ten-fold {mean:.4f} +- {spread:.4f}; at {threshold:.3f}: "
        f"{1 - fnmr:.4f} of {mated.sum()} mated pairs match, {round(fmr * (~mated).sum())} of "
        f"{(~mated).sum()} others (best {scores[~mated].max():.3f}); {lost} of {len(names)} pictures lack a face"
    )


def _central(engine: FaceEngine, path: Path) -> Any:
    image = read_rgb(path)
    (faces,) = engine.analyze([image])
    return _nearest_centre(faces, image.shape[:2]) if len(faces) else None


def _nearest_centre(faces: Faces, size_hw: tuple[int, ...]) -> Any:
    middle = np.array([size_hw[1] / 2, size_hw[0] / 2])
    distances = np.linalg.norm(box_centres(faces.boxes_xyxy) - middle, axis=1)
    return faces.embeddings[int(distances.argmin())]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Speed and accuracy of the bare engine.")
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of JPEG files")
    parser.add_argument("--pictures", type=int, default=400, help="how many of them (default 400)")
    parser.add_argument("--rounds", type=int, default=3, help="0 measures no speed (default 3)")
    parser.add_argument("--backends", nargs="+", default=["onnxruntime", "openvino"])
    parser.add_argument("--pairs", type=Path, help="measure accuracy on this table, too")
    options = parser.parse_args(arguments)
    if options.rounds:
        with tempfile.TemporaryDirectory() as scratch:
            paths = pictures_of(options.folder, options.pictures, Path(scratch))
            measure_speed(paths, options.rounds, options.backends)
    if options.pairs is not None:
        for backend in options.backends:
            measure_accuracy(options.folder, options.pairs, backend)


if __name__ == "__main__":
    main(sys.argv[1:])
