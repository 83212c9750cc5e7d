"""Somebody's webhook receiver on loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from support.local_server import LocalServer, QuietHandler


@dataclass(frozen=True)
class Received:
    """One POST."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver(LocalServer):
    """Keeps what it is sent, and answers 204 or as ``status_of`` a path says."""

    def __init__(self, status_of: Callable[[str], int] = lambda path: 204, port: int = 0) -> None:
        self.received: list[Received] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name that the base class calls
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._arrived:
                    receiver.received.append(Received(self.path, dict(self.headers), body))
                    receiver._arrived.notify_all()
                self.send_response(status_of(self.path))
                self.end_headers()

        super().__init__(Handler, port)

    def wait_for(self, path: str, count: int = 1, *, timeout_s: float = 60) -> list[Received]:
        """What has come to a path, when it is as many as that."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while len(found := [each for each in self.received if each.path == path]) < count:
                left_s = deadline - time.monotonic()
                assert left_s > 0, f"{len(found)} of {count} have come to {path}"
                self._arrived.wait(left_s)
        return found
