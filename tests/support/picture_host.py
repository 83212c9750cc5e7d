"""Somebody else's web server on loopback, with pictures on it."""

from __future__ import annotations

import hashlib

from support.local_server import LocalServer, QuietHandler

Answer = tuple[int, dict[str, str], bytes]


class PictureHost(LocalServer):
    """Serves what it is given; anything else is a 404 with a body."""

    def __init__(self) -> None:
        self._answers: dict[str, Answer] = {}
        answers = self._answers

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 - the name that the base class calls
                status, headers, body = answers.get(self.path, (404, {}, b"there is nothing here"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        super().__init__(Handler)

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
