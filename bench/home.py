"""A server for a benchmark, on a home folder that goes away with it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.server import Server


@contextmanager
def fresh_server(*, workers: int, start: bool = True, **settings: str) -> Iterator[Server]:
    """``visavis serve`` on a fresh home."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as folder:
        os.chmod(folder, 0o755)  # the embedded PostgreSQL runs as another user when we are root
        server = Server(Path(folder) / "home", workers=workers, log_level="warning", **settings)
        if start:
            server.start()
        try:
            yield server
        finally:
            server.stop()
