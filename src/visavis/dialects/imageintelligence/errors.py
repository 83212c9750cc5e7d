"""Failures in this dialect's shape: ``{"error": {"code", "message"}}``."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from visavis.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    TooLarge,
    VisavisError,
)

_STATUS: dict[type[VisavisError], int] = {
    InvalidRequest: 400,
    NotAuthenticated: 401,
    NotPermitted: 403,
    NotFound: 404,
    TooLarge: 413,
}

_log = structlog.get_logger(__name__)


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A failure as this dialect tells it."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install(app: FastAPI) -> None:
    """Answer every failure of the app in this dialect's shape."""

    @app.exception_handler(VisavisError)
    async def known(request: Request, error: VisavisError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        if status == 500:
            _log.error("request failed", path=request.url.path, error=error.code, exc_info=error)
            # What failed inside is for the log, not for the client.
            return error_response(500, "server_error", "The server could not do this; try again later.")
        return error_response(
            status, error.code, error.message, {"WWW-Authenticate": "Bearer"} if status == 401 else None
        )

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> JSONResponse:
        del request
        phrase = HTTPStatus(error.status_code).phrase
        message = "There is no such path." if error.status_code == 404 else f"{phrase}."
        headers = dict(error.headers) if error.headers else None
        return error_response(error.status_code, phrase.lower().replace(" ", "_"), message, headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", path=request.url.path, exc_info=error)
        return error_response(500, "server_error", "The server could not do this; try again later.")
