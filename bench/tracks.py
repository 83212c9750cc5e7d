"""Faces of a film at many frames a second: described once a track, against each by itself.

    python bench/tracks.py [--seconds N] [--rate N] [--rounds N]

A film of known truth, 640 x 360, with three people in scenes of two to nine seconds that follow each other without a
pause, every second one with two of them; cuts fall in the middle of a second, too. Both ways look at the same frames,
in one process. Told are the time, how many faces were described, and the person of each face by its most alike picture:
a face with the description of somebody else would be somebody else's.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import cv2
import numpy as np

import home  # noqa: F401 - the path to the tests' helpers
from support.films import Scene, film, truth
from support.people import EILEEN, GRACE, LUIS, jpeg
from visavis.faces import FaceEngine
from visavis.videos import looking, tracks
from visavis.videos.looking import Looked, Looker, Task
from visavis.videos.times import Times

PEOPLE = (EILEEN, GRACE, LUIS)


def scenes_of(seconds: float) -> tuple[Scene, ...]:
    """Scenes one after the other, all people at the same two places."""
    scenes: list[Scene] = []
    number, left_s = 0, seconds
    while left_s > 0:
        shown = [(PEOPLE[number % 3], number % 6, 60, 60, 230)]
        if number % 2:
            shown.append((PEOPLE[(number + 1) % 3], (number + 2) % 6, 350, 60, 230))
        length_s = min(2.0 + number * 3 % 7 + 0.52, left_s)
        scenes.append(Scene(length_s, tuple(shown)))
        left_s -= length_s
        number += 1
    return tuple(scenes)


class CountingEngine:
    """The engine, and how many faces it has described."""

    def __init__(self, engine: FaceEngine) -> None:
        self._engine = engine
        self.described = 0

    def embed(self, faces: Sequence[looking.AlignedFaces]) -> list[object]:
        self.described += len(faces)
        return list(self._engine.embed(faces))

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)


@contextmanager
def each_face_described() -> Iterator[None]:
    """A block in which no frames are dense."""
    dense, tracks.DENSE_INTERVAL_S = tracks.DENSE_INTERVAL_S, 0.0
    try:
        yield
    finally:
        tracks.DENSE_INTERVAL_S = dense


def look(engine: CountingEngine, data: bytes, task: Task) -> tuple[float, Looked]:
    """Seconds, and what was found."""
    engine.described = 0
    with ThreadPoolExecutor(1) as thread:
        begun = time.perf_counter()
        looked = Looker(engine, thread).look(io.BytesIO(data), task, None)  # type: ignore[arg-type]
        return time.perf_counter() - begun, looked


def people_of(engine: FaceEngine, looked: Looked) -> list[str]:
    """Whose each face is."""
    pictures = [cv2.imdecode(np.frombuffer(jpeg(name, 9), np.uint8), cv2.IMREAD_COLOR_RGB) for name in PEOPLE]
    known = np.stack([faces.embeddings[faces.largest()] for faces in engine.analyze(pictures)])
    found = np.stack([face.embedding for face in looked.faces])
    return [PEOPLE[row] for row in (found @ known.T).argmax(axis=1)]


def wrong_of(scenes: Sequence[Scene], looked: Looked, people: Sequence[str]) -> int:
    """How many faces have the description of somebody who is not there."""
    shown = truth(scenes)
    return sum(
        not any(name == person and start_s <= face.time_s < end_s for name, start_s, end_s in shown)
        for face, person in zip(looked.faces, people, strict=True)
    )


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Faces described once a track, against each by itself.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=10, help="frames looked at in a second (default 10)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    scenes = scenes_of(options.seconds)
    data = film(scenes)
    count = int(options.seconds * options.rate)
    times = Times(0, options.seconds, 1 / options.rate, count)
    task = Task(uuid4(), uuid4(), 0, 0, count, times, 1024, ())
    bare = FaceEngine.load(backend="onnxruntime")
    engine = CountingEngine(bare)
    ratios, wrong = [], 0
    for number in range(options.rounds + 1):
        tracked_s, tracked = look(engine, data, task)
        described = engine.described
        with each_face_described():
            each_s, each = look(engine, data, task)
        if number:
            ratios.append(each_s / tracked_s)
            print(f"tracks {tracked_s:.1f} s, {described} of {len(tracked.faces)} faces described; ", end="")
            print(f"each face {each_s:.1f} s, {engine.described} of {len(each.faces)}")
    for name, looked in (("tracks", tracked), ("each face", each)):
        others = wrong_of(scenes, looked, people_of(bare, looked))
        wrong += others
        print(f"{name}: {others} of {len(looked.faces)} faces are somebody else's")
    print(f"described once a track, {statistics.median(ratios):.2f} times as fast")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
