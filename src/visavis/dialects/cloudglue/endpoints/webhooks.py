"""Addresses that want to hear of files."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

import secrets
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.cloudglue import schemas as wire
from visavis.dialects.cloudglue import translate
from visavis.dialects.cloudglue.endpoints.context import (
    FAILURES,
    NOT_FOUND,
    Context,
    Limit,
    Offset,
    Sort,
    answer,
    body,
    id_in_path,
    listing,
)
from visavis.errors import NotFound, required
from visavis.records import Application
from visavis.store import video_webhooks


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.VIDEOS_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.VIDEOS_CREATE))]  # noqa: N806 - a type
    Updater = Annotated[Application, Depends(context.guard(scopes.VIDEOS_UPDATE))]  # noqa: N806 - a type
    Remover = Annotated[Application, Depends(context.guard(scopes.VIDEOS_REMOVE))]  # noqa: N806 - a type

    @router.post("/webhooks", response_model=wire.Webhook, responses=FAILURES, **body(wire.WebhookCreateRequest))
    async def create(request: Request, application: Creator) -> Response:
        """Register an address; the secret that comes with every event is made here."""
        wanted = await read_json(request, wire.WebhookCreateRequest)
        async with context.database.transaction() as db:
            webhook = await video_webhooks.add(
                db,
                application,
                endpoint=wanted.endpoint,
                secret=secrets.token_urlsafe(32),
                description=wanted.description,
                events=list(dict.fromkeys(wanted.subscribed_events)),
            )
        return answer(translate.webhook_to_wire(webhook))

    @router.get("/webhooks", response_model=wire.WebhookList, responses=FAILURES)
    async def search(
        application: Reader,
        limit: Limit = 50,
        offset: Offset = 0,
        order: Literal["created_at"] = "created_at",
        sort: Sort = "desc",
    ) -> Response:
        """Webhooks, newest first unless said otherwise."""
        del order
        wanted = replace(listing(limit, offset), ascending=sort == "asc")
        async with context.database.transaction() as db:
            page = await video_webhooks.search(db, application.organization_id, wanted)
        data = [translate.webhook_to_wire(each) for each in page.rows]
        return answer(wire.WebhookList(total=page.total, limit=limit, offset=offset, data=data))

    @router.get("/webhooks/{webhook_id}", response_model=wire.Webhook, responses=NOT_FOUND)
    async def get(application: Reader, webhook_id: str) -> Response:
        """One webhook."""
        known = id_in_path(webhook_id, "webhook")
        async with context.database.transaction() as db:
            found = await video_webhooks.get(db, application.organization_id, known)
        return answer(translate.webhook_to_wire(required(found, "webhook")))

    @router.put(
        "/webhooks/{webhook_id}",
        response_model=wire.Webhook,
        responses=NOT_FOUND,
        **body(wire.WebhookUpdateRequest),
    )
    async def update(request: Request, application: Updater, webhook_id: str) -> Response:
        """Change what is sent: address, description, events, or whether the webhook is active."""
        known = id_in_path(webhook_id, "webhook")
        wanted = await read_json(request, wire.WebhookUpdateRequest)
        events = wanted.subscribed_events
        async with context.database.transaction() as db:
            changed = await video_webhooks.update(
                db,
                application.organization_id,
                known,
                endpoint=wanted.endpoint,
                description=wanted.description,
                events=None if events is None else list(dict.fromkeys(events)),
                is_active=wanted.active,
            )
        return answer(translate.webhook_to_wire(required(changed, "webhook")))

    @router.delete("/webhooks/{webhook_id}", response_model=wire.WebhookDeleted, responses=NOT_FOUND)
    async def remove(application: Remover, webhook_id: str) -> Response:
        """Remove a webhook."""
        known = id_in_path(webhook_id, "webhook")
        async with context.database.transaction() as db:
            if not await video_webhooks.remove(db, application.organization_id, known):
                raise NotFound("There is no such webhook.")
        return answer(wire.WebhookDeleted(id=known))
