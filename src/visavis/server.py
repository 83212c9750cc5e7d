"""The web app: the dialects, the pictures behind signed addresses, and signs of life."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from psycopg_pool import PoolTimeout
from starlette.routing import Route
from starlette.types import ASGIApp

from visavis import __version__
from visavis.accounts.media_links import MediaLinks
from visavis.dialects import failures
from visavis.errors import StorageError
from visavis.jobs.queue import Queue
from visavis.pictures import media_router
from visavis.store import deliveries
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.unread_bodies import UnreadBodies


def create_server(
    *,
    database: Database,
    blobs: Blobs,
    queue: Queue,
    media_links: MediaLinks,
    dialects: Mapping[str, ASGIApp],
) -> FastAPI:
    """Put the dialects (path -> app) and our own few routes together."""
    app = FastAPI(
        title="Visavis", version=__version__, redirect_slashes=False, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.add_middleware(UnreadBodies)
    failures.install(app, failures.code_and_message)

    @app.get("/", response_class=PlainTextResponse)
    async def index() -> str:
        """Where to read on."""
        pages = (
            "Image Intelligence v2: /v2/docs",
            "Streamline IDV: /idv/docs",
            "Cloudglue: /v1/docs",
            "Console: /console/",
        )
        return "\n".join((f"Visavis {__version__}", "", *pages, ""))

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
        """For Prometheus: how much work waits, and how many webhooks."""
        registry = CollectorRegistry()
        depth = Gauge("visavis_work_units", "Work units that wait or run", registry=registry)
        waiting = Gauge("visavis_deliveries_waiting", "Webhook deliveries that have not arrived", registry=registry)
        async with database.transaction() as db:
            depth.set(await queue.depth(db))
            waiting.set(await deliveries.count_waiting(db))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app.include_router(media_router(database=database, blobs=blobs, media_links=media_links))
    for path, dialect in dialects.items():
        app.mount(path, dialect)
        # The path itself, without a slash behind it: for the dialect to refuse in its own words.
        app.router.routes.append(Route(path, dialect))
    return app
