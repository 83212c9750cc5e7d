"""Groups: faces that the machine believes to be one person."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.endpoints.context import (
    Context,
    answer_as,
    answer_list,
    body,
    existing,
    namespace_in_path,
    read_search,
)
from visavis.dialects.imageintelligence.links import Links
from visavis.errors import required
from visavis.records import Application, Group, Namespace
from visavis.store import faces, groups, namespaces
from visavis.store.database import Transaction


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_READ))]  # noqa: N806 - a type

    @router.get("/recognition/groups/{namespace}/{group_id}", response_model=wire.GroupResponse)
    async def get(request: Request, application: Reader, namespace: str, group_id: str) -> Response:
        """One group with its faces."""
        name = namespace_in_path(namespace)
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            found = await groups.get(db, place.id, required(translate.id_from_wire(group_id), "group"))
            [told] = await _to_wire(db, place, [required(found, "group")], context.links(request))
        return answer_as(wire.GroupResponse, told)

    @router.post(
        "/recognition/groups/{namespace}/search",
        response_model=list[wire.GroupResponse],
        **body(wire.SearchRequest),
    )
    async def search(request: Request, application: Reader, namespace: str) -> Response:
        """Search groups."""
        name = namespace_in_path(namespace)
        wanted = await read_search(request)
        async with context.database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            if place is None:
                return answer_list(wire.GroupResponse, [])
            found = await groups.search(db, place.id, wanted)
            return answer_list(wire.GroupResponse, await _to_wire(db, place, found, context.links(request)))


async def _to_wire(db: Transaction, place: Namespace, found: Sequence[Group], links: Links) -> list[wire.GroupResponse]:
    members = await faces.of_groups(db, place.id, [group.id for group in found])
    return [translate.group_to_wire(group, place.name, members[group.id], links) for group in found]
