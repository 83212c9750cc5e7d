"""What every route has at hand, and the few steps that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, TypeAdapter

from visavis.accounts.media_links import MediaLinks
from visavis.accounts.tokens import TokenSigner
from visavis.dialects.body import read_json
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.access import Guard, guard
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.paths import checked_namespace, unquoted
from visavis.errors import required
from visavis.jobs.deliveries import announce
from visavis.jobs.intake import Intake
from visavis.jobs.queue import Queue
from visavis.records import Application, Namespace, NewDelivery, Search
from visavis.store import namespaces
from visavis.store.database import Database, Transaction


@dataclass(frozen=True, slots=True)
class Context:
    """The parts behind the routes. ``public_url``: where clients find us; None: wherever each request came to."""

    database: Database
    intake: Intake
    queue: Queue
    signer: TokenSigner
    media_links: MediaLinks
    public_url: str | None
    media_url_ttl_seconds: int

    def guard(self, scope: str) -> Guard:
        """A dependency that gives the application behind a request, if its token has the scope."""
        return guard(self.database, self.signer, scope)

    async def announce(self, db: Transaction, new: NewDelivery) -> None:
        """Let an event be sent, if the caller's transaction commits."""
        await announce(db, self.queue, new)

    def links(self, request: Request) -> Links:
        """Addresses of pictures, as the client of this request can reach them."""
        base_url = self.public_url or f"{request.url.scheme}://{request.url.netloc}"
        return Links(self.media_links, base_url, self.media_url_ttl_seconds)


def body(model: type[BaseModel]) -> dict[str, Any]:
    """What the API's description says of a body that the route reads by itself."""
    schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def answer(resource: BaseModel) -> Response:
    """A resource; fields without a value are left out."""
    return answer_as(type(resource), resource)


def answer_as(kind: Any, resource: object) -> Response:
    """A resource of a kind, a type that pydantic can write; fields without a value are left out."""
    content = _writer(kind).dump_json(resource, by_alias=True, exclude_none=True)
    return Response(content, media_type="application/json")


def answer_list(kind: Any, resources: Sequence[object]) -> Response:
    """Resources of one kind."""
    return answer_as(list[kind], list(resources))


@cache
def _writer(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def namespace_in_path(part: str) -> str:
    """A namespace's name from the path as it was sent."""
    return checked_namespace(unquoted(part, "namespace"))


async def read_search(request: Request) -> Search:
    """The search that a body asks for."""
    return translate.search_from_wire(await read_json(request, wire.SearchRequest))


async def existing(db: Transaction, application: Application, name: str) -> Namespace:
    """The application's namespace of that name.

    Raises:
        NotFound: nobody has used it yet.
    """
    return required(await namespaces.find(db, application.organization_id, name), "namespace")
