"""What one worker process keeps in memory while it works through thousands of pictures.

    python bench/memory.py [PICTURES] [--pictures N] [--backend onnxruntime|openvino]

Nine pictures of ten are taken as they are; the tenth is enlarged to a size drawn at random between 400 and 2000 px, so
that the worker meets pictures of hundreds of sizes. Resident memory is that of the operating system's own account.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import psutil

from engine import pictures_of
from home import fresh_server
from support.client import Client, Json, blob

IMAGES_PER_JOB = 50
MIB = 1024 * 1024


def pictures(paths: Sequence[Path], count: int) -> list[bytes]:
    """So many pictures, some of them enlarged."""
    chance = random.Random(1)
    found = []
    for number in range(count):
        data = paths[number % len(paths)].read_bytes()
        if number % 10 == 9:
            image = cv2.imread(str(paths[number % len(paths)]))
            side = chance.randint(400, 2000)
            image = cv2.resize(image, (side, round(side * chance.uniform(0.6, 1.4))), interpolation=cv2.INTER_CUBIC)
            data = cv2.imencode(".jpg", image)[1].tobytes()
        found.append(data)
    return found


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Resident memory of one worker process.")
    parser.add_argument("folder", nargs="?", type=Path, help="a folder of JPEG files")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as scratch,
        fresh_server(workers=1, backend=options.backend) as server,
        Client(server.base_url, server.create_app("bench", "memory")) as client,
    ):
        paths = pictures_of(options.folder, min(options.pictures, 3000), Path(scratch))
        [pid] = server.worker_pids()
        worker = psutil.Process(pid)
        jobs: list[Json] = []
        largest = 0
        print(f"one worker, backend {options.backend}: resident memory after so many pictures")
        for number in range(0, options.pictures, IMAGES_PER_JOB):
            batch = [blob(data) for data in pictures(paths[number:] + paths[:number], IMAGES_PER_JOB)]
            jobs.append(client.send_job("memory", batch))
            while len(jobs) > 2:  # keep it busy, but let the queue not grow
                client.wait("memory", jobs.pop(0))
            resident = worker.memory_info().rss // MIB
            largest = max(largest, resident)
            done = number + IMAGES_PER_JOB
            if done % 500 == 0:
                print(f"  {done:6} pictures  {resident:5} MiB now, {largest:5} MiB at most", flush=True)
        for job in jobs:
            client.wait("memory", job)
        assert server.worker_pids() == [pid], "the worker was replaced"


if __name__ == "__main__":
    main(sys.argv[1:])
