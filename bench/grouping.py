"""How well the service groups faces: every picture of a labelled set through it, then its groups against the labels.

    python bench/grouping.py PICTURES [--backend onnxruntime|openvino]

PICTURES is a folder with one folder a person. The label belongs to the face nearest the middle of its picture; other
faces take part in the grouping and are not judged.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from home import fresh_server
from support.client import Client, Json, blob
from visavis.faces.metrics import bcubed, pairwise_f

IMAGES_PER_JOB = 64
NAMESPACE = "everybody"


def all_faces(client: Client) -> Iterator[Json]:
    """Every face of the namespace, newest first, a page at a time."""
    search: Json = {"limit": 100}
    while page := client.faces(NAMESPACE, **search):
        # Faces of one work unit share a moment to the millisecond, so a page may end in the middle of one.
        last = page[-1]["createdAt"]
        if len(page) == 100 and page[0]["createdAt"] != last:
            page = [face for face in page if face["createdAt"] != last]
            search["end"] = last + 1
        else:
            search["end"] = last
        yield from page


def distance_from_middle(face: Json) -> float:
    box = face["boundingBox"]
    return abs(box["xMin"] + box["xMax"] - 1) + abs(box["yMin"] + box["yMax"] - 1)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="BCubed and pairwise figures of the service's groups.")
    parser.add_argument("folder", type=Path, help="one folder of pictures a person")
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*/*.jpg"))
    if not paths:
        parser.error(f"{options.folder} has no folders of JPEG files")
    random.Random(1).shuffle(paths)
    with (
        fresh_server(workers=2, backend=options.backend) as server,
        Client(server.base_url, server.create_app("bench", "grouping")) as client,
    ):
        begun = time.perf_counter()
        jobs = [
            client.send_job(NAMESPACE, [blob(path.read_bytes(), str(number + offset)) for offset, path in batch])
            for number, batch in (
                (start, list(enumerate(paths[start : start + IMAGES_PER_JOB])))
                for start in range(0, len(paths), IMAGES_PER_JOB)
            )
        ]
        for job in jobs:
            client.wait(NAMESPACE, job, timeout_s=1800)
        seconds = time.perf_counter() - begun
        central: dict[str, Json] = {}
        total = 0
        for face in all_faces(client):
            total += 1
            best = central.get(face["customId"])
            if best is None or distance_from_middle(face) < distance_from_middle(best):
                central[face["customId"]] = face
    labels = [paths[int(number)].parent.name for number in central]
    clusters = [face["groupId"] for face in central.values()]
    print(
        f"{len(paths)} pictures of {len(set(labels))} people, {total} faces, {len(central)} of them judged, "
        f"in {len(set(clusters))} groups; {len(paths) / seconds:.0f} img/s"
    )
    figures = {"BCubed": bcubed(labels, clusters), "pairwise": pairwise_f(labels, clusters)}
    for name, (precision, recall, f) in figures.items():
        print(f"  {name:9} precision {precision:.4f}  recall {recall:.4f}  F {f:.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])
