"""Identities: people the client has named."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from visavis.accounts import scopes
from visavis.dialects.body import read_json
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
from visavis.dialects.imageintelligence.events import identity_event
from visavis.dialects.imageintelligence.links import Links
from visavis.errors import InvalidRequest, UnknownFace, required
from visavis.recognition import naming
from visavis.records import Application, Author, Event, Identity, Namespace
from visavis.store import faces, identities, namespaces, webhooks
from visavis.store.database import Transaction


def add_routes(router: APIRouter, context: Context) -> None:
    """Add the routes of this resource."""
    Reader = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_READ))]  # noqa: N806 - a type
    Creator = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_CREATE))]  # noqa: N806
    Updater = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_UPDATE))]  # noqa: N806
    Remover = Annotated[Application, Depends(context.guard(scopes.RECOGNITION_REMOVE))]  # noqa: N806

    async def announce(
        db: Transaction, application: Application, place: Namespace, named: naming.Named, event: Event, links: Links
    ) -> wire.IdentityResponse:
        """The identity on the wire; the application's webhook hears of it, and of others that have lost faces."""
        [told] = await _to_wire(db, place, [named.identity], links)
        webhook = await webhooks.get(db, application.id)
        if webhook is not None:
            others = await identities.some(db, place.id, named.bereft)
            events = [(event, told)]
            events += [(Event.IDENTITY_UPDATED, other) for other in await _to_wire(db, place, others, links)]
            for kind, identity in events:
                await context.announce(db, identity_event(webhook, kind, identity, place.id))
        return told

    @router.post(
        "/recognition/identities/{namespace}",
        response_model=wire.IdentityResponse,
        **body(wire.IdentityCreateRequest),
    )
    async def create(request: Request, application: Creator, namespace: str) -> Response:
        """Name a person."""
        name = namespace_in_path(namespace)
        wanted = await read_json(request, wire.IdentityCreateRequest)
        face_ids = translate.face_ids_from_wire(wanted.image_ids or [], "imageIds")
        async with context.database.transaction() as db:
            place = await namespaces.ensure(db, application.organization_id, name)
            with _field_of_unknown_face({"imageIds": face_ids}):
                named = await naming.create_identity(
                    db, place.id, custom_id=wanted.custom_id, face_ids=face_ids, author=Author.MANUAL
                )
            told = await announce(db, application, place, named, Event.IDENTITY_CREATED, context.links(request))
        return answer_as(wire.IdentityResponse, told)

    @router.post(
        "/recognition/identities/{namespace}/search",
        response_model=list[wire.IdentityResponse],
        **body(wire.SearchRequest),
    )
    async def search(request: Request, application: Reader, namespace: str) -> Response:
        """Search identities."""
        name = namespace_in_path(namespace)
        wanted = await read_search(request)
        async with context.database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            if place is None:
                return answer_list(wire.IdentityResponse, [])
            found = await identities.search(db, place.id, wanted)
            return answer_list(wire.IdentityResponse, await _to_wire(db, place, found, context.links(request)))

    @router.get("/recognition/identities/{namespace}/{identity_id}", response_model=wire.IdentityResponse)
    async def get(request: Request, application: Reader, namespace: str, identity_id: str) -> Response:
        """One identity with its faces."""
        name = namespace_in_path(namespace)
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            identity = await naming.get_identity(db, place.id, _id(identity_id))
            [told] = await _to_wire(db, place, [identity], context.links(request))
        return answer_as(wire.IdentityResponse, told)

    @router.patch(
        "/recognition/identities/{namespace}/{identity_id}",
        response_model=wire.IdentityResponse,
        **body(wire.IdentityUpdateRequest),
    )
    async def update(request: Request, application: Updater, namespace: str, identity_id: str) -> Response:
        """Change a person's custom id and faces."""
        name = namespace_in_path(namespace)
        change = await read_json(request, wire.IdentityUpdateRequest)
        images = change.images or wire.ImagesChange()
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            # An unknown identity is told before unknown faces are.
            identity = await naming.get_identity(db, place.id, _id(identity_id))
            add = translate.face_ids_from_wire(images.add, "images.add")
            remove = translate.face_ids_from_wire(images.remove, "images.remove")
            with _field_of_unknown_face({"images.add": add, "images.remove": remove}):
                named = await naming.update_identity(
                    db,
                    place.id,
                    identity.id,
                    custom_id=change.custom_id,
                    add=add,
                    remove=remove,
                    author=Author.MANUAL,
                )
            told = await announce(db, application, place, named, Event.IDENTITY_UPDATED, context.links(request))
        return answer_as(wire.IdentityResponse, told)

    @router.delete("/recognition/identities/{namespace}/{identity_id}")
    async def delete(application: Remover, namespace: str, identity_id: str) -> Response:
        """Forget a person; faces and groups stay."""
        name = namespace_in_path(namespace)
        async with context.database.transaction() as db:
            place = await existing(db, application, name)
            await naming.delete_identity(db, place.id, _id(identity_id))
        return Response("{}", media_type="application/json")


def _id(text: str) -> UUID:
    return required(translate.id_from_wire(text), "identity")


async def _to_wire(
    db: Transaction, place: Namespace, found: Sequence[Identity], links: Links
) -> list[wire.IdentityResponse]:
    members = await faces.of_identities(db, place.id, [identity.id for identity in found])
    return [translate.identity_to_wire(identity, place.name, members[identity.id], links) for identity in found]


@contextmanager
def _field_of_unknown_face(fields: Mapping[str, Sequence[UUID]]) -> Iterator[None]:
    """Say in which field of the request the face stands that nobody knows."""
    try:
        yield
    except UnknownFace as error:
        field = next((name for name, face_ids in fields.items() if error.face_id in face_ids), "body")
        raise InvalidRequest(f"{field}: {error.message}") from error
