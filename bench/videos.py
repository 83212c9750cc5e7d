"""Face matches in a video against a bare loop that decodes it and looks for faces, on as many processes.

    python bench/videos.py [--minutes N] [--rounds N] [--backend onnxruntime] [--rate N]

The film is made first: 1080p, 25 frames a second, a key frame every ten seconds, B-frames, three people in scenes of
two to nine seconds with nobody between them, so that the truth is known. The bare loop decodes every frame of its half
of the film with PyAV, takes one a second at a width of 1024 px and looks for faces; nothing is described, stored or
compared. The service gets the film as a file, and is asked for one person; the clock runs from the request to the
completed match: decoding, thumbnails, faces, descriptions, rows and the decision. They take turns. Memory is the
workers' own, at its highest, in a film of the same scenes four times as long, and in the film itself.
"""

from __future__ import annotations

import argparse
import base64
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import av
import httpx
import psutil

from home import fresh_server
from support.films import Scene, truth, write_film
from support.people import EILEEN, GRACE, LUIS, jpeg
from support.server import Server
from visavis.faces import FaceEngine

PROCESSES = 2
WIDTH_PX = 1024
POLL_S = 0.05
LEAST_S = 2.0

PEOPLE = (EILEEN, GRACE, LUIS)


def scenes_of(minutes: float) -> tuple[Scene, ...]:
    """Three people by turns and together, 2 to 9 s each, with pauses; the shortest appearances are of 2 s."""
    scenes: list[Scene] = []
    number, left_s = 0, minutes * 60
    while left_s > 0:
        person, other = PEOPLE[number % 3], PEOPLE[(number + 1) % 3]
        x = 120 + 260 * (number % 5)
        shown = [(person, number % 8, x, 180 + 40 * (number % 4), 420)]
        if number % 4 == 3:
            shown.append((other, (number + 3) % 8, (x + 760) % 1400, 300, 380))
        seconds = min(2.0 + number * 3 % 8, left_s)
        scenes.append(Scene(seconds, tuple(shown)))
        left_s -= seconds
        pause = min(1.0 + number % 3, left_s)
        if pause > 0:
            scenes.append(Scene(pause))
        left_s -= pause
        number += 1
    return tuple(scenes)


def write_repeated(path: Path, out: Path, times: int) -> None:
    """The film several times, one after the other, without encoding it again."""
    end = 0
    with av.open(str(out), "w") as output:
        copy = None
        for _ in range(times):
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                copy = copy or output.add_stream_from_template(stream)
                begun, end_of_this = end, end
                for packet in container.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + begun, packet.dts + begun
                    end_of_this = max(end_of_this, packet.pts + (packet.duration or 0))
                    packet.stream = copy
                    output.mux(packet)
                end = end_of_this


# --- the bare loop ----------------------------------------------------------------------------------------

_engine: FaceEngine | None = None


def _begin(backend: Any) -> None:
    global _engine
    _engine = FaceEngine.load(backend=backend)


def bare(path: str, start_s: float, end_s: float, rate: float) -> int:
    """Decode a part of a film and look for faces in some frames a second; how many there are."""
    assert _engine is not None
    faces, due_s = 0, start_s
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        container.seek(int(start_s / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if frame.time >= end_s:
                break
            if frame.time + 1e-6 < due_s:
                continue
            due_s += 1 / rate
            height = round(frame.height * WIDTH_PX / frame.width)
            faces += len(_engine.detect(frame.to_ndarray(format="rgb24", width=WIDTH_PX, height=height)))
    return faces


class BareLoop:
    """The film in equal parts, a process each."""

    def __init__(self, path: Path, seconds: float, rate: float, backend: str) -> None:
        self._jobs = [
            (str(path), seconds * part / PROCESSES, seconds * (part + 1) / PROCESSES, rate) for part in range(PROCESSES)
        ]
        self._pool = ProcessPoolExecutor(PROCESSES, get_context("spawn"), _begin, (backend,))
        list(self._pool.map(_nothing, range(PROCESSES * 4)))

    def run(self) -> float:
        """Seconds for the whole film."""
        begun = time.perf_counter()
        self.faces = sum(each.result() for each in [self._pool.submit(bare, *job) for job in self._jobs])
        return time.perf_counter() - begun

    def close(self) -> None:
        self._pool.shutdown()


def _nothing(_: int) -> None:
    time.sleep(0.2)


# --- the service ------------------------------------------------------------------------------------------


class Service:
    """A running server with a film in it."""

    def __init__(self, server: Server, path: Path, rate: float) -> None:
        credentials = server.create_app("bench", path.stem)
        self._http = httpx.Client(
            base_url=f"{server.base_url}/v1", headers={"Authorization": f"Bearer {credentials['apiKey']}"}, timeout=300
        )
        self._rate = rate
        self.upload_s, self.file = self._upload(path)
        self._narrow = 0

    def _upload(self, path: Path) -> tuple[float, str]:
        begun = time.perf_counter()
        with path.open("rb") as film:
            file = self._answer(self._http.post("/files", files={"file": ("film.mp4", film, "video/mp4")}))
        self._wait(f"/files/{file['id']}")
        return time.perf_counter() - begun, file["id"]

    def match(self, person: str, *, view: int = 9) -> tuple[float, dict[str, Any]]:
        """Seconds from the request to the completed match, and the match. Frames are never made twice: the width is
        one pixel less each time."""
        config = {"frames_per_second": self._rate, "max_width": WIDTH_PX - self._narrow}
        self._narrow += 1
        body = {
            "source_image": {"base64_image": base64.b64encode(jpeg(person, view)).decode()},
            "target_video_url": f"cloudglue://files/{self.file}",
            "frame_extraction_config": {"strategy": "uniform", "uniform_config": config},
            "max_faces": 4000,
        }
        begun = time.perf_counter()
        match = self._answer(self._http.post("/face-match", json=body))
        self._wait(f"/face-match/{match['face_match_id']}")
        seconds = time.perf_counter() - begun
        return seconds, self._answer(self._http.get(f"/face-match/{match['face_match_id']}"))

    def again(self, person: str, detection_id: str, *, view: int = 9) -> dict[str, Any]:
        """A match among faces that are found already, with every face that it tells of."""
        body = {
            "source_image": {"base64_image": base64.b64encode(jpeg(person, view)).decode()},
            "target_video_url": f"cloudglue://files/{self.file}",
            "face_detection_id": detection_id,
            "max_faces": 4000,
        }
        match = self._answer(self._http.post("/face-match", json=body))
        address = f"/face-match/{match['face_match_id']}"
        told = self._wait(address)
        faces: list[Any] = []
        while len(faces) < told["data"]["total"]:
            params = {"limit": 100, "offset": len(faces)}
            faces += self._answer(self._http.get(address, params=params))["data"]["faces_matches"]
        return {**told, "faces": faces}

    def _wait(self, address: str) -> dict[str, Any]:
        while True:
            told = self._answer(self._http.get(address, params={"limit": 1}))
            if told["status"] == "completed":
                return told
            if told["status"] == "failed":
                raise RuntimeError(told)
            time.sleep(POLL_S)

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        told: dict[str, Any] = response.raise_for_status().json()
        return told


class Memory:
    """The highest memory of some processes while a block runs, in MiB, each one's own."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.peak_mib = 0.0

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.05):
            most = max(process.memory_info().rss for process in self._processes)
            self.peak_mib = max(self.peak_mib, most / 2**20)


def report_truth(match: dict[str, Any], person: str, scenes: Sequence[Scene]) -> bool:
    """Print what was found of one person, and whether it is what there is."""
    shown = [(start_s, end_s) for name, start_s, end_s in truth(scenes) if name == person]
    wanted = [each for each in shown if each[1] - each[0] >= LEAST_S]
    found = [(each["start_time_seconds"], each["end_time_seconds"]) for each in match["appearances"]]
    missed = [each for each in wanted if not any(a < each[1] and b >= each[0] for a, b in found)]
    alarms = [
        face["timestamp"]
        for face in match["faces"]
        if face["similarity"] >= match["similarity_threshold"]
        and not any(start_s <= face["timestamp"] < end_s for start_s, end_s in shown)
    ]
    print(
        f"  {person}: {len(wanted) - len(missed)} of {len(wanted)} appearances of {LEAST_S:g} s or more found, ", end=""
    )
    print(f"{len(alarms)} faces of others above the threshold, of {match['data']['total']}")
    return not missed and not alarms


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Face matches in a video, against a bare PyAV loop.")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1, help="frames looked at in a second (default 1)")
    parser.add_argument("--backend", default="onnxruntime")
    options = parser.parse_args(arguments)
    scenes = scenes_of(options.minutes)
    seconds = sum(scene.seconds for scene in scenes)
    with tempfile.TemporaryDirectory(prefix="visavis-films-") as folder:
        film, long_film = Path(folder) / "film.mp4", Path(folder) / "long.mp4"
        write_film(film, scenes, width=1920, height=1080, gop=250, b_frames=3, preset="ultrafast")
        write_repeated(film, long_film, 4)
        print(f"film: {seconds:.0f} s, 1080p, {film.stat().st_size / 2**20:.0f} MiB; {PROCESSES} processes")
        loop = BareLoop(film, seconds, options.rate, options.backend)
        with fresh_server(workers=PROCESSES, backend=options.backend) as server:
            service = Service(server, film, options.rate)
            bare_s, service_s = [], []
            with Memory(server.worker_pids()) as memory:
                for number in range(options.rounds + 1):
                    bare_s.append(loop.run())
                    taken_s, match = service.match(PEOPLE[number % 3])
                    service_s.append(taken_s)
                    print(f"  bare {bare_s[-1]:.1f} s, service {taken_s:.1f} s", "(warming)" * (not number), flush=True)
            ratio = statistics.median(b / a for a, b in zip(bare_s[1:], service_s[1:], strict=True))
            print(f"upload and looking into the file {service.upload_s:.1f} s")
            print(
                f"bare loop {statistics.median(bare_s[1:]):.1f} s, service {statistics.median(service_s[1:]):.1f} s: ",
                end="",
            )
            print(f"{ratio:.2f} times the bare loop's time (median of {options.rounds})")
            right = [
                report_truth(service.again(person, match["face_detection_id"]), person, scenes) for person in PEOPLE
            ]
            print(f"coverage: {match['coverage']}")
            loop.close()
            server.stop()
            server.start()  # fresh workers, whose memory has no past
            long = Service(server, long_film, options.rate)
            with Memory(server.worker_pids()) as long_memory:
                taken_s, _ = long.match(EILEEN)
            print(f"four times as long: {taken_s:.1f} s; highest memory of a worker ", end="")
            print(f"{memory.peak_mib:.0f} MiB, in the long film {long_memory.peak_mib:.0f} MiB")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
