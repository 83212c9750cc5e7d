"""The address that an application registers for events, and the key that signs all that is sent for it."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import Context, answer, body
from visavis.records import Application
from visavis.store import webhooks


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the route of this resource."""
    # No scope is named after webhooks; their events are about what this one permits to make.
    Creator = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_CREATE))]  # noqa: N806 - a type

    @router.post("/webhooks", response_model=wire.WebhookResponse, **body(wire.WebhookRequest))
    async def register(request: Request, application: Creator) -> Response:
        """Register the application's address for events; it replaces the one before."""
        wanted = await read_json(request, wire.WebhookRequest)
        async with context.database.transaction() as db:
            webhook = await webhooks.put(
                db, application.id, webhook_id=uuid4(), url=wanted.url, secret_key=wanted.secret_key
            )
        return answer(
            wire.WebhookResponse(
                id=str(webhook.id),
                url=webhook.url,
                secret_key=webhook.secret_key,
                application=application.name,
                organization_id=application.organization,
                created_at=translate.milliseconds(webhook.created_at),
            )
        )
