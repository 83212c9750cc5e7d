"""The whole service against OpenCV's own face pipeline: recognise jobs over HTTP until every one has ended.

    python bench/service.py [PICTURES] [--pictures N] [--rounds N] [--backends onnxruntime openvino]

The service is what a user gets: ``visavis serve`` with its embedded PostgreSQL, durable jobs of 64 pictures, pictures
and crops stored, faces grouped, and a client, all on the same machine; a round ends when every job has ended. OpenCV
runs FaceDetectorYN and FaceRecognizerSF in two processes over the same pictures, and the bare engine does likewise.
The contenders take turns in rounds, so that a ratio is taken under one load.

PICTURES is a folder of JPEG files; without it, 250 x 250 views of the sample photographs are made.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine import PROCESSES, Team, bare_engine, opencv_baseline, pictures_of
from home import fresh_server
from support.client import Client
from support.server import Server

IMAGES_PER_JOB = 64
POLL_S = 0.25


class Service:
    """A running server, and a client that keeps it busy."""

    def __init__(self, server: Server, paths: Sequence[Path]) -> None:
        self._client = Client(server.base_url, server.create_app("bench", "bench"))
        blobs = [base64.b64encode(path.read_bytes()).decode() for path in paths]
        # Made before the clock starts: what a client program does beforehand is not the service's time.
        self._bodies = [
            json.dumps({"images": [{"blob": blob} for blob in blobs[start : start + IMAGES_PER_JOB]]}).encode()
            for start in range(0, len(blobs), IMAGES_PER_JOB)
        ]
        self._pictures = len(paths)
        self._round = 0
        self.rates: list[float] = []
        self.faces = 0

    def run(self, bodies: Sequence[bytes] | None = None) -> float:
        """Pictures a second, in a namespace of the round's own."""
        bodies = self._bodies if bodies is None else bodies
        self._round += 1
        address = f"/v2/recognition/recognize/round-{self._round}"
        begun = time.perf_counter()
        answers = [self._client.post(address, content=body) for body in bodies]
        ids = [answer.raise_for_status().json()["id"] for answer in answers]
        self.faces = sum(self._wait(f"{address}/{job_id}") for job_id in ids)
        rate = self._pictures / (time.perf_counter() - begun)
        self.rates.append(rate)
        return rate

    def warm_up(self) -> None:
        """Let every worker see a few pictures."""
        self.run(self._bodies[:1])
        self.rates.clear()

    def _wait(self, address: str) -> int:
        while True:
            job = self._client.get(address).raise_for_status().json()
            if job["status"] != "IN_PROGRESS":
                return sum(len(image["objects"]) for image in job["images"])
            time.sleep(POLL_S)


@contextmanager
def service(backend: str, paths: Sequence[Path]) -> Iterator[Service]:
    """The service with one backend, on a fresh home."""
    with fresh_server(workers=PROCESSES, backend=backend) as server:
        yield Service(server, paths)


def measure(paths: Sequence[Path], rounds: int, backends: Sequence[str]) -> None:
    """Rounds by turns; prints the median rates and the medians of the ratios within each round."""
    with ExitStack() as stack:
        contenders: dict[str, Team | Service] = {}
        opencv = stack.enter_context(opencv_baseline())
        opencv.warm_up(paths)
        contenders["opencv"] = opencv
        for backend in backends:
            bare = stack.enter_context(bare_engine(backend))
            bare.warm_up(paths)
            contenders[f"engine, {backend}"] = bare
            served = stack.enter_context(service(backend, paths))
            served.warm_up()
            contenders[f"service, {backend}"] = served
        for _ in range(rounds):
            for contender in contenders.values():
                contender.run() if isinstance(contender, Service) else contender.run(paths)
    print(f"{len(paths)} pictures in jobs of {IMAGES_PER_JOB}, {PROCESSES} workers, {rounds} rounds; median (range)")
    for name, contender in contenders.items():
        rates = contender.rates
        ratio = statistics.median(a / b for a, b in zip(rates, opencv.rates, strict=True))
        print(
            f"  {name:22} {statistics.median(rates):6.1f} img/s ({min(rates):.1f}-{max(rates):.1f})"
            f"  {ratio:5.2f} x OpenCV  {contender.faces} faces"
        )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Throughput of the whole service.")
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of JPEG files")
    parser.add_argument("--pictures", type=int, default=2048, help="how many of them (default 2048)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--backends", nargs="+", default=["onnxruntime", "openvino"])
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        measure(pictures_of(options.folder, options.pictures, Path(scratch)), options.rounds, options.backends)


if __name__ == "__main__":
    main(sys.argv[1:])
