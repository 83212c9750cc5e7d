"""``visavis serve``: everything on one machine."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import structlog
import typer
import uvicorn
import uvloop

from visavis import wiring
from visavis.cli.supervisor import Supervisor
from visavis.errors import SettingsError
from visavis.faces import cpu_quota
from visavis.logs import configure_logging
from visavis.settings import Settings, read_settings

_log = structlog.get_logger(__name__)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Worker processes; 0 for none. Default: one for each CPU core allowed."),
    ] = None,
) -> None:
    """Start the API, its workers and, unless VISAVIS_DATABASE_URL is set, its own PostgreSQL."""
    settings = read_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    count = cpu_quota() if workers is None else workers
    _check_free(host, port)
    with wiring.database_url(settings) as url:
        uvloop.run(_serve(settings, url, host, port, count))


def _check_free(host: str, port: int) -> None:
    """Say that somebody else listens there before anything is started."""
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(f"Nobody can listen on {host}, port {port}: {error.strerror}.") from error


class _Server(uvicorn.Server):
    """uvicorn, which here only stops serving at a signal: the workers and the database are to end in order too."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _serve(settings: Settings, url: str, host: str, port: int, workers: int) -> None:
    async with wiring.open_server(settings, url) as app:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            server_header=False,
        )
        server = _Server(config)
        async with Supervisor(workers, database_url=url):
            await server.serve()
    _log.info("stopped")
