"""Paths as they were sent.

A namespace may contain any character, percent-encoded, a slash too. The router must therefore see the path before
decoding; ``unquoted`` decodes one part of it afterwards.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, unquote

from fastapi import Query, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from visavis.errors import InvalidRequest

MAX_NAMESPACE = 128


class RawPaths:
    """Routes by the undecoded path, and tolerates a trailing slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            path = raw.decode("ascii", errors="replace").partition("?")[0]
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)


def unquoted(part: str, what: str) -> str:
    """One part of a path, decoded.

    Raises:
        InvalidRequest: it is not percent-encoded UTF-8.
    """
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{what}: must be percent-encoded UTF-8.") from error


def namespace_in_query(
    request: Request, namespace: Annotated[str | None, Query(description="The namespace.")] = None
) -> str | None:
    """The namespace in a query, if there is one; read anew, for the framework decodes anything to something.

    Raises:
        InvalidRequest: it is not percent-encoded UTF-8.
    """
    if namespace is None:
        return None
    query: bytes = request.scope["query_string"]
    try:
        values = parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict")["namespace"]
    except (UnicodeDecodeError, ValueError, KeyError) as error:
        raise InvalidRequest("namespace: must be percent-encoded UTF-8.") from error
    return values[-1]


def checked_namespace(name: str | None) -> str:
    """A namespace's name.

    Raises:
        InvalidRequest: there is none, or it is not 1 to 128 characters long.
    """
    if not name:
        raise InvalidRequest("namespace: is required.")
    if len(name) > MAX_NAMESPACE:
        raise InvalidRequest(f"namespace: may have at most {MAX_NAMESPACE} characters.")
    if "\x00" in name:
        raise InvalidRequest("namespace: must not contain the character U+0000.")
    return name
