"""Reading a request's body: JSON whatever its Content-Type says, with a limit, and faults told by field."""

from __future__ import annotations

from typing import TypeVar

import anyio.to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError

from visavis.dialects.imageintelligence.schemas import MAX_BODY_BYTES
from visavis.errors import InvalidRequest, TooLarge

Model = TypeVar("Model", bound=BaseModel)

# Below this, parsing takes less time than a change of thread.
_PARSE_ASIDE_BYTES = 64 * 1024


async def read_json(request: Request, model: type[Model]) -> Model:
    """The body as a wire model.

    Raises:
        TooLarge: more than 64 MiB.
        InvalidRequest: no JSON, or not what the model says; the message names the field.
    """
    body = await _read(request)
    if len(body) < _PARSE_ASIDE_BYTES:
        return _parse(body, model)
    return await anyio.to_thread.run_sync(_parse, body, model)


async def _read(request: Request) -> bytes:
    too_large = TooLarge(f"The body may have at most {MAX_BODY_BYTES} bytes.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise too_large
    return bytes(body)


def _parse(body: bytes, model: type[Model]) -> Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # input and context may hold a whole picture, or a secret
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidRequest("; ".join(_told(fault["loc"], fault["msg"]) for fault in faults[:5])) from None


def _told(location: tuple[int | str, ...], message: str) -> str:
    field = ".".join(str(part) for part in location) or "body"
    return f"{field}: {message.removeprefix('Value error, ')}"
