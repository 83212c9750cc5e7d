"""Failures in this dialect's shapes: a problem by field for 400, code and message for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from visavis.dialects import failures
from visavis.dialects.streamline.schemas import Problem, TokenError
from visavis.errors import InvalidRequest, VisavisError


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


def install(app: FastAPI) -> None:
    """Answer every failure of the app in this dialect's shapes."""
    failures.install(app, failures.code_and_message)

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

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        return problem({str(fault["loc"][-1]): [fault["msg"]] for fault in error.errors()})
