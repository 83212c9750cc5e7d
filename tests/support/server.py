"""A real server: the installed command, its own home folder, its own PostgreSQL, a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from visavis.store.embedded import EmbeddedPostgres

COMMAND = (sys.executable, "-m", "visavis")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """``visavis serve`` over a home folder; may be killed and started again over the same one."""

    def __init__(self, home: Path, *, workers: int = 1, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.log = home.parent / f"{home.name}.log"
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("VISAVIS_")},
            "VISAVIS_HOME": str(home),
            **{f"VISAVIS_{name.upper()}": value for name, value in settings.items()},
        }

    def start(self, *, timeout_s: float = 60) -> None:
        """Start, and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "--port", str(self.port), "--workers", str(self._workers)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended at its start:\n{self.log.read_text()}")
            try:
                if httpx.get(f"{self.base_url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the server is not ready after {timeout_s} s:\n{self.log.read_text()}")

    @property
    def pid(self) -> int:
        """The id of the process that serves and supervises."""
        assert self._process is not None
        return self._process.pid

    def worker_pids(self) -> list[int]:
        """The ids of its worker processes."""
        children = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(self.pid)], capture_output=True, text=True)
        lines = [line.split(maxsplit=1) for line in children.stdout.splitlines()]
        return [int(pid) for pid, args in lines if "visavis worker" in args]

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, *, timeout_s: float = 60) -> int:
        """Ask it to end; its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another command over the same home."""
        return subprocess.run(
            [*COMMAND, *arguments], env=self._environment, capture_output=True, text=True, check=check, timeout=120
        )

    def create_app(self, organization: str, name: str, *options: str) -> dict[str, str]:
        """Make an application; its credentials."""
        answer = self.run("app", "create", "--org", organization, "--name", name, "--json", *options)
        credentials: dict[str, str] = json.loads(answer.stdout)
        return credentials

    @contextmanager
    def look_inside(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection to its own PostgreSQL."""
        embedded = EmbeddedPostgres(self.home / "postgres")
        try:
            with psycopg.connect(embedded.start(), autocommit=True) as connection:
                yield connection
        finally:
            embedded.stop()
