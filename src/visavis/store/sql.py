"""SQL as text with a name, in a ``.sql`` file beside the repository that runs it.

A statement begins with ``-- name: what it does`` and ends where the next one begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

_HEADER = re.compile(r"^-- (?P<name>[a-z][a-z0-9_]*): ", re.MULTILINE)


class Queries:
    """The statements of one file: ``queries["nearest_faces"]``."""

    def __init__(self, text: str) -> None:
        headers = list(_HEADER.finditer(text))
        ends = [header.start() for header in headers[1:]] + [len(text)]
        self._statements = {
            header["name"]: text[header.start() : end].strip() for header, end in zip(headers, ends, strict=True)
        }
        if len(self._statements) != len(headers):
            raise ValueError("two statements have the same name")

    @classmethod
    def beside(cls, module_file: str) -> Queries:
        """Read the ``.sql`` file that has the same name as a module."""
        return cls(Path(module_file).with_suffix(".sql").read_text(encoding="utf-8"))

    def __getitem__(self, name: str) -> LiteralString:
        return self._statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)


def newest_or_oldest(statement: LiteralString, *, ascending: bool) -> LiteralString:
    """A statement written to give the newest rows first, or its mirror image."""
    if ascending:
        return statement.replace(" DESC", " ASC")
    return statement
