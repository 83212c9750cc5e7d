"""Builds the parts from the settings and puts them together; the one module that knows every room."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import psycopg
import structlog

from visavis.accounts.applications import signing_key
from visavis.accounts.media_links import MediaLinks
from visavis.accounts.tokens import TokenSigner
from visavis.dialects.cloudglue.events import file_event
from visavis.dialects.imageintelligence.events import JobEnded
from visavis.errors import StorageError
from visavis.faces import FaceEngine, ModelPack
from visavis.jobs.deliveries import Deliveries
from visavis.jobs.housekeeping import keep_house
from visavis.jobs.intake import Intake
from visavis.jobs.queue import Queue
from visavis.jobs.registry import kinds
from visavis.jobs.sources import Sources
from visavis.jobs.units import WorkUnits
from visavis.jobs.webhooks import JobWebhooks
from visavis.jobs.worker import CONNECTIONS as WORKER_CONNECTIONS
from visavis.jobs.worker import run_worker
from visavis.media.fetch import Fetcher
from visavis.media.images import ImageLimits
from visavis.media.post import Poster
from visavis.model_packs import obtain_pack
from visavis.settings import Settings
from visavis.store.blobs import Blobs
from visavis.store.database import Database
from visavis.store.embedded import EmbeddedPostgres
from visavis.store.migrations import migrate
from visavis.videos.files import FileWork
from visavis.videos.housekeeping import remove_orphans as remove_video_orphans
from visavis.videos.looking import Looker
from visavis.videos.matching import Matches
from visavis.videos.planning import Planner
from visavis.videos.probes import Probes
from visavis.videos.search_work import SearchWork
from visavis.videos.telling import FileNews
from visavis.videos.units import VideoUnits
from visavis.videos.work import VideoWork

if TYPE_CHECKING:
    from fastapi import FastAPI

_SERVER_CONNECTIONS = 10

_LOOK_AT_DATABASE_EVERY_S = 2.0

_log = structlog.get_logger(__name__)


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The database to use: the given one, or the embedded one, which runs at least as long as the block."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.postgres_folder)
    url = embedded.start()
    try:
        yield url
    finally:
        embedded.stop()


async def keep_database_alive(settings: Settings) -> None:
    """Start the embedded database again when it dies, for ever; a given one has its own keepers."""
    if settings.database_url is not None:
        return
    embedded = EmbeddedPostgres(settings.postgres_folder)
    while True:
        await asyncio.sleep(_LOOK_AT_DATABASE_EVERY_S)
        try:
            if await asyncio.to_thread(embedded.revive):
                _log.error("the embedded database had died, and was started again")
        except StorageError as error:
            _log.error("the embedded database has died", error=error.message)


@asynccontextmanager
async def open_database(url: str, *, max_connections: int = 2) -> AsyncIterator[Database]:
    """A database that is open, at the newest schema."""
    try:
        await asyncio.to_thread(migrate, url)
    except psycopg.OperationalError as error:
        raise StorageError(f"The database does not answer: {str(error).splitlines()[0]}") from error
    database = Database(url, max_connections=max_connections)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_server(settings: Settings, url: str) -> AsyncIterator[FastAPI]:
    """The web app with everything behind it open."""
    # Here, not above: workers share this module, and the web framework would cost each of them 40 MiB.
    from visavis.console.app import mount_console
    from visavis.dialects.cloudglue.app import create_app as create_cloudglue
    from visavis.dialects.cloudglue.endpoints import Context as Cloudglue
    from visavis.dialects.imageintelligence.app import create_app as create_imageintelligence
    from visavis.dialects.imageintelligence.endpoints import Context as ImageIntelligence
    from visavis.dialects.streamline.app import PATHS as STREAMLINE_PATHS
    from visavis.dialects.streamline.app import create_app as create_streamline
    from visavis.dialects.streamline.endpoints import Context as Streamline
    from visavis.server import create_server
    from visavis.videos.collecting import Collecting
    from visavis.videos.erasure import Erasure
    from visavis.videos.intake import VideoIntake
    from visavis.videos.searching import FaceSearches

    async with open_database(url, max_connections=_SERVER_CONNECTIONS) as database:
        queue = Queue(database.pool)
        await queue.open()
        blobs = Blobs(settings.blobs_url)
        async with database.transaction() as db:
            signer = TokenSigner(await signing_key(db, "tokens"), ttl_seconds=settings.token_ttl_seconds)
            media_links = MediaLinks(await signing_key(db, "media"))
        intake = Intake(database, blobs, queue)
        imageintelligence = ImageIntelligence(
            database=database,
            intake=intake,
            queue=queue,
            signer=signer,
            media_links=media_links,
            public_url=settings.public_url,
            media_url_ttl_seconds=settings.media_url_ttl_seconds,
        )
        streamline = create_streamline(Streamline(database=database, blobs=blobs, intake=intake, signer=signer))
        news = FileNews(queue, file_event)
        planner = Planner(queue, news)
        video_intake = VideoIntake(blobs, queue, planner, max_bytes=settings.max_video_bytes)
        erasure = Erasure(queue, planner, news)
        cloudglue = Cloudglue(
            database=database,
            intake=video_intake,
            erasure=erasure,
            collecting=Collecting(video_intake, erasure, news),
            searches=FaceSearches(database, queue),
            media_links=media_links,
            public_url=settings.public_url,
            media_url_ttl_seconds=settings.media_url_ttl_seconds,
        )
        app = create_server(
            database=database,
            blobs=blobs,
            queue=queue,
            media_links=media_links,
            dialects={
                "/v2": create_imageintelligence(imageintelligence),
                **dict.fromkeys(STREAMLINE_PATHS, streamline),
                "/v1": create_cloudglue(cloudglue),
            },
        )
        mount_console(app, database=database, queue=queue, public_url=settings.public_url)
        keepers = [
            asyncio.create_task(keep_house(database, blobs, remove_video_orphans)),
            asyncio.create_task(keep_database_alive(settings)),
        ]
        # What is there now stays for good. Looked through again and again, it would hold up requests for 100 ms.
        gc.collect()
        gc.freeze()
        try:
            yield app
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            await queue.close()


async def work(settings: Settings, url: str, *, stop_with_parent: bool) -> None:
    """Be a worker until told to stop."""
    engine = await asyncio.to_thread(load_engine, settings)
    async with open_database(url, max_connections=WORKER_CONNECTIONS) as database:
        queue = Queue(database.pool)
        await queue.open()
        async with database.transaction() as db:
            media_links = MediaLinks(await signing_key(db, "media"))
        job_ended = JobEnded(media_links, media_url_ttl_seconds=settings.media_url_ttl_seconds)
        with (
            ThreadPoolExecutor(1, thread_name_prefix="engine") as engine_thread,
            ThreadPoolExecutor(1, thread_name_prefix="video") as video_thread,
        ):
            async with (
                Fetcher(timeout_s=settings.fetch_timeout_seconds, allow_private=settings.allow_private_urls) as fetcher,
                Poster(allow_private=settings.allow_private_urls) as poster,
            ):
                blobs = Blobs(settings.blobs_url)
                units = WorkUnits(
                    database,
                    queue,
                    Sources(blobs, fetcher, media_links),
                    engine,
                    engine_thread,
                    kind_of=kinds(engine),
                    tell=JobWebhooks(queue, job_ended.body).tell,
                    limits=ImageLimits(),
                )
                deliveries = Deliveries(database, queue, poster)
                videos = _video_work(settings, database, queue, blobs, fetcher, engine, engine_thread, video_thread)
                await run_worker(queue, units.run, deliveries.run, videos.run, stop_with_parent=stop_with_parent)
        await queue.close()


def _video_work(
    settings: Settings,
    database: Database,
    queue: Queue,
    blobs: Blobs,
    fetcher: Fetcher,
    engine: FaceEngine,
    engine_thread: Executor,
    video_thread: Executor,
) -> VideoWork:
    news = FileNews(queue, file_event)
    planner = Planner(queue, news)
    probes = Probes(fetcher, engine, engine_thread)
    max_bytes = settings.max_video_bytes
    return VideoWork(
        database,
        queue,
        blobs,
        files=FileWork(database, blobs, fetcher, planner, news, video_thread, max_bytes=max_bytes),
        units=VideoUnits(
            database,
            queue,
            blobs,
            Looker(engine, engine_thread),
            planner,
            news,
            video_thread,
            model_id=engine.model_id,
        ),
        matches=Matches(database, probes, engine.calibration),
        searches=SearchWork(database, probes, engine.calibration),
    )


def load_pack(settings: Settings) -> ModelPack | None:
    """The pack of models that the settings name; None is the built-in one."""
    if settings.model_pack is None:
        return None
    return obtain_pack(settings.model_pack, settings.models_folder)


def load_engine(settings: Settings) -> FaceEngine:
    """The engine as the settings want it, its prepared graphs kept under the home folder."""
    return FaceEngine.load(
        load_pack(settings),
        cache_dir=settings.models_folder,
        backend=settings.backend,
        detection=settings.detection,
        flip=settings.flip,
    )
