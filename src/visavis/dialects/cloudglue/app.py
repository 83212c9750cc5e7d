"""The dialect as one app, to be mounted at ``/v1``."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp

from visavis import __version__
from visavis.dialects import failures
from visavis.dialects.body import told
from visavis.dialects.cloudglue.endpoints import Context, build_router
from visavis.errors import TooLarge


def create_app(context: Context) -> ASGIApp:
    """The routes with this dialect's errors."""
    app = FastAPI(title="Visavis: Cloudglue, faces in videos", version=__version__, redirect_slashes=False)
    _install_failures(app)
    app.include_router(build_router(context))
    return app


def _install_failures(app: FastAPI) -> None:
    failures.install(app, lambda _, message: {"error": message})

    @app.exception_handler(RequestValidationError)
    async def query(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        faults = [told(fault["loc"][1:], fault["msg"]) for fault in error.errors()]
        return JSONResponse({"error": "; ".join(faults)}, 400)

    # Of this vendor's codes, that for a video beyond the limits; there is no 413 among them.
    @app.exception_handler(TooLarge)
    async def too_large(request: Request, error: TooLarge) -> JSONResponse:
        del request
        return JSONResponse({"error": error.message}, 400)
