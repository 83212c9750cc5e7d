"""``visavis worker``: one more worker process, on this host or another."""

from __future__ import annotations

from typing import Annotated

import typer
import uvloop

from visavis import wiring
from visavis.logs import configure_logging
from visavis.settings import read_settings


def worker(
    stop_with_parent: Annotated[
        bool,
        typer.Option("--stop-with-parent", hidden=True, help="End when standard input does."),
    ] = False,
) -> None:
    """Take work from the queue until stopped. Several hosts share one database and one storage."""
    settings = read_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format)
    with wiring.database_url(settings) as url:
        uvloop.run(wiring.work(settings, url, stop_with_parent=stop_with_parent))
