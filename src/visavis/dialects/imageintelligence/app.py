"""The dialect as one app, to be mounted at ``/v2``."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from visavis import __version__
from visavis.dialects.imageintelligence import errors
from visavis.dialects.imageintelligence.paths import RawPaths


def create_app(router: APIRouter) -> ASGIApp:
    """The routes with this dialect's errors and its way with paths."""
    app = FastAPI(
        title="Visavis: Image Intelligence v2",
        version=__version__,
        redirect_slashes=False,
    )
    errors.install(app)
    app.include_router(router)
    return RawPaths(app)
