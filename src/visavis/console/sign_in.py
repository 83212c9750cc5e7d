"""Signing in and out: a plain form, which browsers keep passwords for, and a cookie that no script can read."""

# No `from __future__ import annotations` here: FastAPI reads annotations at run time.

import html
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from visavis.accounts.users import SESSION_S, sign_in_user, sign_out
from visavis.console.access import COOKIE, PATH, SIGN_IN_PATH
from visavis.console.failures import DATABASE_AWAY, NO_DATABASE
from visavis.console.headers import PAGE_HEADERS
from visavis.errors import NotAuthenticated
from visavis.store.database import Database

_FORM = Template(Path(__file__).with_name("sign_in.html").read_text(encoding="utf-8"))
_MAX_BODY_BYTES = 8 * 1024
_POLICY = ("default-src 'none'", "style-src 'unsafe-inline'", "form-action 'self'", "frame-ancestors 'none'")
_HEADERS = {**PAGE_HEADERS, "Content-Security-Policy": "; ".join(_POLICY)}


def sign_in_router(database: Database, *, public_url: str | None) -> APIRouter:
    """The form, and what it sends."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def entrance() -> Response:
        """The console's address as people type it."""
        return RedirectResponse(f"{PATH}/", 307)

    @router.get(SIGN_IN_PATH)
    async def form(request: Request) -> Response:
        """The form."""
        return _form(request.query_params.get("next", ""))

    @router.post(SIGN_IN_PATH)
    async def enter(request: Request) -> Response:
        """Sign in; on to the page that was wanted."""
        if _is_foreign(request):
            return _form("", "Sign in here, not on another site.", status=403)
        fields = await _fields(request)
        if fields is None:
            return _form("", "That is too long.", status=413)
        wanted = fields.get("next", "")
        try:
            async with database.transaction() as db:
                _, token = await sign_in_user(db, fields.get("name", ""), fields.get("password", ""))
        except NotAuthenticated as error:
            return _form(wanted, error.message, name=fields.get("name", ""), status=401)
        except DATABASE_AWAY:
            return _form(wanted, NO_DATABASE, name=fields.get("name", ""), status=503)
        answer = RedirectResponse(_inside(wanted), 303)
        is_secure = (public_url or str(request.url)).startswith("https://")
        answer.set_cookie(COOKIE, token, max_age=SESSION_S, path=PATH, httponly=True, samesite="lax", secure=is_secure)
        return answer

    @router.post(f"{PATH}/sign-out")
    async def leave(request: Request) -> Response:
        """Sign out: the session is over, whoever may have its cookie."""
        if _is_foreign(request):
            return _form("", "Sign out here, not on another site.", status=403)
        try:
            async with database.transaction() as db:
                await sign_out(db, request.cookies.get(COOKIE, ""))
        except DATABASE_AWAY:
            return _form("", NO_DATABASE, status=503)
        answer = RedirectResponse(SIGN_IN_PATH, 303)
        answer.delete_cookie(COOKIE, path=PATH)
        return answer

    return router


def _form(wanted: str, failure: str = "", *, name: str = "", status: int = 200) -> HTMLResponse:
    fields = {"action": SIGN_IN_PATH, "wanted": wanted, "failure": failure, "name": name}
    return HTMLResponse(
        _FORM.substitute({key: html.escape(value) for key, value in fields.items()}), status, headers=_HEADERS
    )


async def _fields(request: Request) -> dict[str, str] | None:
    """What the form sent; None when it is longer than any form of ours."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BODY_BYTES:
            return None
    sent = parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in sent.items()}


def _is_foreign(request: Request) -> bool:
    # Said by every browser of today. Another site could sign somebody in as its own user, and watch.
    return request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")


def _inside(wanted: str) -> str:
    """A page of the console, whatever was asked for: nobody is sent elsewhere after signing in."""
    is_ours = wanted.startswith(f"{PATH}/") and wanted.isprintable() and "\\" not in wanted
    return wanted if is_ours else f"{PATH}/"
