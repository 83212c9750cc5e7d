"""Failures as pages: in words, and to the form when it is for want of a session."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from urllib.parse import urlencode

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from psycopg_pool import PoolTimeout

from visavis.console.access import PATH, SIGN_IN_PATH
from visavis.errors import NotAuthenticated, NotFound

NO_DATABASE = "The database does not answer. Try again in a moment."
DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)

_PAGE = Template(Path(__file__).with_name("failure.html").read_text(encoding="utf-8"))

_log = structlog.get_logger(__name__)


def install(pages: FastAPI) -> None:
    """Answer what fails before a page is built."""

    @pages.exception_handler(NotAuthenticated)
    async def unknown(request: Request, error: NotAuthenticated) -> Response:
        del error
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{SIGN_IN_PATH}?{urlencode({'next': wanted})}", 303)

    @pages.exception_handler(NotFound)
    async def missing(request: Request, error: NotFound) -> Response:
        del request
        return _page(error.message, 404)

    @pages.exception_handler(404)
    async def nowhere(request: Request, error: Exception) -> Response:
        del request, error
        return _page("There is no such page.", 404)

    @pages.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        # What failed inside is for the log, not for the page.
        _log.error("a page was not shown", path=request.url.path, exc_info=error)
        return _page("The page could not be shown. Try again later.", 500)

    async def away(request: Request, error: Exception) -> Response:
        _log.error("a page was not shown", path=request.url.path, exc_info=error)
        return _page(NO_DATABASE, 503)

    for kind in DATABASE_AWAY:
        pages.add_exception_handler(kind, away)


def _page(message: str, status: int) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(message=html.escape(message), home=f"{PATH}/"), status)
