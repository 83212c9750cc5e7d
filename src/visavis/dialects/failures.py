"""Telling failures over HTTP, which all dialects do alike but for the shape of the body."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from visavis.errors import (
    Conflict,
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    TooLarge,
    UnsupportedMedia,
    VisavisError,
)

Body = Callable[[str, str], Any]
"""A failure's code and message as the body of the answer."""

_STATUS: dict[type[VisavisError], int] = {
    InvalidRequest: 400,
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedMedia: 415,
}

_log = structlog.get_logger(__name__)


def code_and_message(code: str, message: str) -> dict[str, dict[str, str]]:
    """``{"error": {"code", "message"}}``."""
    return {"error": {"code": code, "message": message}}


def install(app: FastAPI, body: Body) -> None:
    """Answer every failure of an app in the shape of a dialect."""

    def failed(request: Request, error: Exception) -> JSONResponse:
        # What failed inside is for the log, not for the client.
        _log.error("request failed", path=request.url.path, exc_info=error)
        return JSONResponse(body("server_error", "The server could not do this; try again later."), 500)

    @app.exception_handler(VisavisError)
    async def known(request: Request, error: VisavisError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), None)
        if status is None:
            return failed(request, error)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return JSONResponse(body(error.code, error.message), status, headers)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> JSONResponse:
        del request
        phrase = HTTPStatus(error.status_code).phrase
        message = "There is no such path." if error.status_code == 404 else f"{phrase}."
        headers = dict(error.headers) if error.headers else None
        return JSONResponse(body(phrase.lower().replace(" ", "_"), message), error.status_code, headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        return failed(request, error)
