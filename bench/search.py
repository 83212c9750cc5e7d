"""What exact search costs: the statement that finds the groups near some probes, by the size of the namespace.

python bench/search.py [--sizes 1000 10000 100000] [--probes N]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
from pgvector import Vector

from visavis.store import groups, namespaces
from visavis.store.database import Database
from visavis.store.embedded import EmbeddedPostgres
from visavis.store.groups import GroupTemplate
from visavis.store.migrations import migrate

MODEL = "bench"
DIMENSIONS = 128
REPEATS = 7


def units(random: np.random.Generator, count: int) -> np.ndarray:
    vectors = random.standard_normal((count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


async def measure(url: str, sizes: Sequence[int], probe_count: int) -> None:
    random = np.random.default_rng(1)
    database = Database(url)
    await database.open()
    async with database.transaction() as db:
        organization_id = uuid4()
        await db.execute("INSERT INTO organization (id, name) VALUES (%s, 'bench')", [organization_id])
    for size in sizes:
        async with database.transaction() as db:
            place = await namespaces.ensure(db, organization_id, str(size))
            new = [GroupTemplate(uuid4(), vector, 1, None) for vector in units(random, size)]
            await groups.add_all(db, place.id, new, batch_id=uuid4())
            async with (
                db.cursor() as cursor,
                cursor.copy(
                    "COPY group_template (group_id, model_id, namespace_id, embedding_sum, face_count) FROM STDIN"
                ) as copy,
            ):
                for each in new:
                    await copy.write_row((each.group_id, MODEL, place.id, Vector(each.embedding_sum), 1))
        async with database.transaction() as db:
            await db.execute("ANALYZE group_template")
            seconds = []
            for _ in range(REPEATS):
                probes = units(random, probe_count)
                begun = time.perf_counter()
                await groups.nearest(db, place.id, MODEL, probes, k=4, least=0.5)
                seconds.append(time.perf_counter() - begun)
        each_ms = statistics.median(seconds) / probe_count * 1000
        print(f"  {size:8} groups: {each_ms:7.2f} ms a face (median of {REPEATS} with {probe_count} faces each)")
    await database.close()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description="Milliseconds of exact search a face.")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--probes", type=int, default=16)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user when we are root
        embedded = EmbeddedPostgres(Path(folder) / "postgres")
        url = embedded.start()
        migrate(url)
        asyncio.run(measure(url, options.sizes, options.probes))
        embedded.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
