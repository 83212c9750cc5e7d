"""The dialect as one app, to be mounted under each of ``PATHS``."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from visavis import __version__
from visavis.dialects.streamline import errors
from visavis.dialects.streamline.endpoints import Context, build_router

PATHS = ("/idv", "/api", "/realms", "/connect")


def create_app(context: Context) -> ASGIApp:
    """The routes with this dialect's errors."""
    app = FastAPI(
        title="Visavis: Streamline IDV photo match",
        version=__version__,
        redirect_slashes=False,
        docs_url="/idv/docs",
        openapi_url="/idv/openapi.json",
        redoc_url=None,
    )
    errors.install(app)
    app.include_router(build_router(context))
    return _FromTheRoot(app)


class _FromTheRoot:
    """Routes by the whole path, wherever the app is mounted: this vendor's paths have no common root."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "root_path": "", "path": scope["path"].rstrip("/") or "/"}
        await self._app(scope, receive, send)
