"""Requests that are answered before their bodies were read."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# So much has arrived with the head of the request anyway.
_ENOUGH_BYTES = 64 * 1024


class UnreadBodies:
    """Closes the connection behind an early answer to a large request.

    Kept open, it would have to be read to the end of a body that nobody wants: a gibibyte, if a stranger likes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _may_be_large(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        is_read = False

        async def receiving() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_read:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receiving, sending)


def _may_be_large(headers: Headers) -> bool:
    declared = headers.get("content-length", "")
    if declared.isdecimal():
        return int(declared) > _ENOUGH_BYTES
    return "transfer-encoding" in headers
