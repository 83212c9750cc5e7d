"""What every route has at hand, and the few steps that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from visavis.accounts.tokens import TokenSigner
from visavis.dialects.streamline import schemas as wire
from visavis.dialects.streamline.access import Guard, guard
from visavis.jobs.intake import Intake
from visavis.store.blobs import Blobs
from visavis.store.database import Database

# For the page that describes the API.
FAILURES: dict[int | str, dict[str, Any]] = {
    400: {"model": wire.Problem, "description": "The request is wrong."},
    401: {"model": wire.ErrorBody, "description": "Token or subscription key are missing, unknown or expired."},
    403: {"model": wire.ErrorBody, "description": "Token and key do not belong together, or do not permit this."},
    500: {"model": wire.ErrorBody, "description": "The server failed."},
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": wire.ErrorBody, "description": "There is no such request or photo."}
}
VERSION: dict[str, Any] = {
    "name": "v",
    "in": "query",
    "required": True,
    "schema": {"type": "string", "enum": ["2.0"]},
    "description": "The version of the API.",
}


@dataclass(frozen=True, slots=True)
class Context:
    """The parts behind the routes."""

    database: Database
    blobs: Blobs
    intake: Intake
    signer: TokenSigner

    def guard(self, scope: str) -> Guard:
        """A dependency that gives the application behind a request, if it may do this."""
        return guard(self.database, self.signer, scope)


def answer(model: BaseModel) -> Response:
    """A resource, with its nulls."""
    return Response(model.model_dump_json(by_alias=True), media_type="application/json")
