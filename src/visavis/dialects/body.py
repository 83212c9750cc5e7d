"""Reading a request's body: JSON whatever its Content-Type says, with a limit, and faults told by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import anyio.to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError

from visavis.errors import InvalidRequest, TooLarge

Model = TypeVar("Model", bound=BaseModel)

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Enough for some pictures as base64."""

# Below this, parsing takes less time than a change of thread.
_PARSE_ASIDE_BYTES = 64 * 1024


async def read_json(request: Request, model: type[Model], *, max_bytes: int = MAX_BODY_BYTES) -> Model:
    """The body as a wire model.

    Raises:
        TooLarge: more than ``max_bytes``.
        InvalidRequest: no JSON, or not what the model says; the message names the field.
    """
    body = await _read(request, max_bytes)
    if len(body) < _PARSE_ASIDE_BYTES:
        return parse_json(body, model)
    return await anyio.to_thread.run_sync(parse_json, body, model)


def parse_json(text: bytes | str, model: type[Model], within: str = "") -> Model:
    """JSON as a wire model.

    Args:
        within: the field or parameter that holds it, for the message.
    Raises:
        InvalidRequest: no JSON, or not what the model says; the message names the field.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        # input and context may hold a whole picture, or a secret
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        location = (within,) if within else ()
        message = "; ".join(told((*location, *fault["loc"]), fault["msg"]) for fault in faults[:5])
        raise InvalidRequest(message) from None


def told(location: Sequence[int | str], message: str) -> str:
    """A fault with where it is."""
    field = ".".join(str(part) for part in location) or "body"
    return f"{field}: {message.removeprefix('Value error, ')}"


async def _read(request: Request, max_bytes: int) -> bytes:
    too_large = TooLarge(f"The body may have at most {max_bytes} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)
