"""Failures in this dialect's shapes: a problem by field for 400, code and message for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from visavis.dialects.streamline.schemas import Problem, TokenError
from visavis.errors import InvalidRequest, NotAuthenticated, NotFound, NotPermitted, VisavisError

_log = structlog.get_logger(__name__)

_STATUS: dict[type[VisavisError], int] = {NotAuthenticated: 401, NotPermitted: 403, NotFound: 404}


class InvalidFields(InvalidRequest):
    """Fields or parameters of the request are wrong; all of them are told together."""

    def __init__(self, faults: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, each in faults.items() for fault in each))
        self.faults = {name: list(each) for name, each in faults.items()}


class TokenRefused(VisavisError):
    """There is no token for such a request."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


def problem(faults: Mapping[str, Sequence[str]]) -> JSONResponse:
    """A request that is wrong, by field or parameter."""
    body = Problem(
        type="https://tools.ietf.org/html/rfc9110#section-15.5.1",
        title="One or more fields of the request are wrong.",
        status=400,
        trace_id=uuid4().hex,
        errors={name: list(each) for name, each in faults.items()},
    )
    return JSONResponse(body.model_dump(by_alias=True), 400)


def failure(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Any other failure."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install(app: FastAPI) -> None:
    """Answer every failure of the app in this dialect's shapes."""

    @app.exception_handler(InvalidFields)
    async def fields(request: Request, error: InvalidFields) -> JSONResponse:
        del request
        return problem(error.faults)

    @app.exception_handler(TokenRefused)
    async def token(request: Request, error: TokenRefused) -> JSONResponse:
        del request
        status = 401 if error.error == "invalid_client" else 400
        headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
        body = TokenError(error=error.error, error_description=error.message)
        return JSONResponse(body.model_dump(), status, headers)

    @app.exception_handler(VisavisError)
    async def known(request: Request, error: VisavisError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
        if status == 500:
            _log.error("request failed", path=request.url.path, error=error.code, exc_info=error)
            return failure(500, "server_error", "The server could not do this; try again later.")
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return failure(status, error.code, error.message, headers)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        return problem({str(fault["loc"][-1]): [fault["msg"]] for fault in error.errors()})

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> JSONResponse:
        del request
        phrase = HTTPStatus(error.status_code).phrase
        message = "There is no such path." if error.status_code == 404 else f"{phrase}."
        headers = dict(error.headers) if error.headers else None
        return failure(error.status_code, phrase.lower().replace(" ", "_"), message, headers)

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("request failed", path=request.url.path, exc_info=error)
        return failure(500, "server_error", "The server could not do this; try again later.")
