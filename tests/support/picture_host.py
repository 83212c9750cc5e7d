"""Somebody else's web server on loopback, with pictures on it."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


class PictureHost:
    """Serves what it is given; anything else is a 404 with a body."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = answers.get(self.path, (404, {}, b"there is nothing here"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> PictureHost:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, status: int, headers: dict[str, str], body: bytes) -> str:
        """Let a path answer so; its address."""
        self._answers[path] = status, headers, body
        return self.base_url + path

    def picture(self, data: bytes) -> str:
        """The address of these bytes."""
        return self.answer(f"/{hashlib.sha256(data).hexdigest()[:16]}.jpg", 200, {}, data)

    def missing(self) -> str:
        """An address at which there is nothing."""
        return f"{self.base_url}/missing.jpg"
