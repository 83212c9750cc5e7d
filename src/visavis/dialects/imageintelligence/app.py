"""The dialect as one app, to be mounted at ``/v2``."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from visavis import __version__
from visavis.dialects import failures
from visavis.dialects.imageintelligence.endpoints import Context, build_router
from visavis.dialects.imageintelligence.paths import RawPaths


def create_app(context: Context) -> ASGIApp:
    """The routes with this dialect's errors and its way with paths."""
    app = FastAPI(
        title="Visavis: Image Intelligence v2",
        version=__version__,
        redirect_slashes=False,
    )
    failures.install(app, failures.code_and_message)
    app.include_router(build_router(context))
    return RawPaths(app)
