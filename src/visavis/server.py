"""The web app: the dialects, the pictures behind signed addresses, and signs of life."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from psycopg_pool import PoolTimeout
from starlette.types import ASGIApp

from visavis import __version__
from visavis.accounts.media_links import MediaLinks
from visavis.errors import NotFound, NotPermitted, StorageError
from visavis.jobs.queue import Queue
from visavis.media.headers import sniff_media_type
from visavis.store.blobs import Blobs
from visavis.store.database import Database

# A picture is somebody's face, and its bytes are a stranger's: nothing in it may run, nobody else may keep it.
_PICTURE_HEADERS = {
    "Cache-Control": "private, max-age=900",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def create_server(
    *,
    database: Database,
    blobs: Blobs,
    queue: Queue,
    media_links: MediaLinks,
    dialects: Mapping[str, ASGIApp],
) -> FastAPI:
    """Put the dialects (path -> app) and our own few routes together."""
    app = FastAPI(title="Visavis", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz", response_class=PlainTextResponse)
    async def alive() -> str:
        """This process answers."""
        return "ok\n"

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        """This process can do its work: the database and the storage answer."""
        checks: dict[str, str] = {}
        try:
            await database.ping()
            checks["database"] = "ok"
        except (psycopg.Error, PoolTimeout):
            checks["database"] = "does not answer"
        try:
            await blobs.ping()
            checks["storage"] = "ok"
        except StorageError:
            checks["storage"] = "does not answer"
        healthy = all(state == "ok" for state in checks.values())
        return JSONResponse({"ready": healthy, "checks": checks}, 200 if healthy else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """For Prometheus: how much work waits."""
        registry = CollectorRegistry()
        depth = Gauge("visavis_work_units", "Work units that wait or run", registry=registry)
        depth.set(await queue.depth())
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/media/{link}")
    async def media(link: str) -> Response:
        """A stored picture, behind an address that was signed for it."""
        try:
            data = await blobs.get(media_links.read(link))
        except NotPermitted as error:
            return PlainTextResponse(error.message + "\n", 403)
        except NotFound as error:
            return PlainTextResponse(error.message + "\n", 404)
        media_type = sniff_media_type(data) or "application/octet-stream"
        return Response(data, media_type=media_type, headers=_PICTURE_HEADERS)

    for path, dialect in dialects.items():
        app.mount(path, dialect)
    return app
