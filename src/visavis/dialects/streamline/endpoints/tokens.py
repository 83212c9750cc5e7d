"""Access tokens, by the client credentials grant of OAuth2."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from fastapi import APIRouter, Request, Response

from visavis.accounts.applications import sign_in
from visavis.dialects.streamline import schemas as wire
from visavis.dialects.streamline.endpoints.context import Context
from visavis.dialects.streamline.errors import TokenRefused
from visavis.errors import NotAuthenticated

_MAX_BODY_BYTES = 64 * 1024

_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["client_id", "client_secret", "grant_type"],
                    "properties": {
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "grant_type": {"type": "string", "enum": ["client_credentials"]},
                    },
                }
            }
        },
    },
    "security": [],
}
_FAILURES: dict[int | str, dict[str, Any]] = {
    400: {"model": wire.TokenError, "description": "The request is wrong."},
    401: {"model": wire.TokenError, "description": "Unknown client, or wrong secret."},
}


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""

    async def token(request: Request) -> Response:
        form = await _read_form(request)
        client_id, client_secret = _basic(request) or (form.get("client_id"), form.get("client_secret"))
        if not form.get("grant_type") or not client_id or not client_secret:
            raise TokenRefused("invalid_request", "client_id, client_secret and grant_type are required.")
        if form["grant_type"] != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "The only grant type is client_credentials.")
        try:
            async with context.database.transaction() as db:
                application = await sign_in(db, client_id, client_secret)
        except NotAuthenticated as error:
            raise TokenRefused("invalid_client", error.message) from error
        issued = context.signer.issue(application.id, application.scopes)
        told = wire.Token(
            access_token=issued.value,
            expires_in=(issued.expires_at_ms - issued.issued_at_ms) // 1000,
            scope=" ".join(application.scopes),
        )
        return Response(told.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})

    described: dict[str, Any] = {"response_model": wire.Token, "responses": _FAILURES, "openapi_extra": _FORM}

    @router.post("/realms/{realm}/protocol/openid-connect/token", **described)
    async def create_token(request: Request, realm: str) -> Response:
        """Trade a client id and secret for an access token; any realm will do."""
        del realm
        return await token(request)

    @router.post("/connect/token", **described)
    async def create_token_older(request: Request) -> Response:
        """The same under an older path."""
        return await token(request)


async def _read_form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise TokenRefused("invalid_request", "The body is too large.")
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError as error:  # UnicodeDecodeError is one
        raise TokenRefused("invalid_request", "The body is no form that can be read.") from error
    if any(len(values) > 1 for values in fields.values()):
        raise TokenRefused("invalid_request", "A field is there more than once.")
    return {name: values[0] for name, values in fields.items() if "\x00" not in values[0]}


def _basic(request: Request) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic; None where the client does not use it."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, colon, client_secret = decoded.partition(":")
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("invalid_client", "The Authorization header cannot be read.") from error
    if not colon or "\x00" in decoded:
        raise TokenRefused("invalid_client", "The Authorization header cannot be read.")
    return unquote_plus(client_id), unquote_plus(client_secret)
