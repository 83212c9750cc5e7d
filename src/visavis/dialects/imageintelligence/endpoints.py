"""Routes of the dialect. Each: who asks, what for, one transaction, the answer."""

# No `from __future__ import annotations` here: the guards are made at run time, and FastAPI reads annotations.

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, TypeAdapter

from visavis.accounts import scopes
from visavis.accounts.applications import sign_in
from visavis.accounts.media_links import MediaLinks
from visavis.accounts.tokens import TokenSigner
from visavis.dialects.imageintelligence import schemas as wire
from visavis.dialects.imageintelligence import translate
from visavis.dialects.imageintelligence.access import guard
from visavis.dialects.imageintelligence.body import read_json
from visavis.dialects.imageintelligence.links import Links
from visavis.dialects.imageintelligence.paths import checked_namespace, namespace_in_query, unquoted
from visavis.errors import InvalidRequest, NotFound, UnknownFace
from visavis.jobs.intake import Intake
from visavis.recognition import naming
from visavis.records import Application, Author, Job, JobKind, Namespace, Search
from visavis.store import faces, groups, identities, jobs, namespaces
from visavis.store.database import Database, Transaction

Thing = TypeVar("Thing")


def build_router(
    *,
    database: Database,
    intake: Intake,
    signer: TokenSigner,
    media_links: MediaLinks,
    public_url: str | None,
    media_url_ttl_seconds: int,
) -> APIRouter:
    """All routes, relative to ``/v2``.

    Args:
        public_url: where clients find the server; None: wherever each request came to.
    """
    router = APIRouter()
    reader = guard(database, signer, scopes.RECOGNITION_READ)
    creator = guard(database, signer, scopes.RECOGNITION_CREATE)
    updater = guard(database, signer, scopes.RECOGNITION_UPDATE)
    remover = guard(database, signer, scopes.RECOGNITION_REMOVE)
    Reader = Annotated[Application, Depends(reader)]  # noqa: N806 - types, made from what was passed in
    Creator = Annotated[Application, Depends(creator)]  # noqa: N806
    Updater = Annotated[Application, Depends(updater)]  # noqa: N806
    Remover = Annotated[Application, Depends(remover)]  # noqa: N806
    InQuery = Annotated[str | None, Depends(namespace_in_query)]  # noqa: N806

    def links(request: Request) -> Links:
        base_url = public_url or f"{request.url.scheme}://{request.url.netloc}"
        return Links(media_links, base_url, media_url_ttl_seconds)

    # --- tokens -------------------------------------------------------------------------------------------

    @router.post("/oauth/token", response_model=wire.AccessTokenResponse, **_body(wire.ClientCredentials))
    async def create_token(request: Request) -> Response:
        """Trade a client id and secret for an access token."""
        credentials = await read_json(request, wire.ClientCredentials)
        async with database.transaction() as db:
            application = await sign_in(db, credentials.client_id, credentials.client_secret)
        token = signer.issue(application.id, application.scopes)
        return _answer(
            wire.AccessTokenResponse(
                access_token=token.value,
                expires_at=token.expires_at_ms,
                issued_at=token.issued_at_ms,
                org_name=application.organization,
                app_name=application.name,
                scope=" ".join(application.scopes),
            )
        )

    # --- recognise, under all its spellings ---------------------------------------------------------------

    async def recognize(request: Request, application: Application, namespace: str | None) -> Response:
        name = checked_namespace(namespace)
        new = translate.recognize_from_wire(await read_json(request, wire.RecognizeRequest))
        accepted = await intake.accept(application, name, new)
        return _answer(translate.recognize_to_wire(accepted.job, accepted.images, {}, links(request)))

    async def recognize_search(request: Request, application: Application, namespace: str | None) -> Response:
        name = checked_namespace(namespace)
        search = await _read_search(request)
        async with database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            found = [] if place is None else await _search_jobs(db, place, search)
            return _answer_list(wire.RecognizeResponse, await _jobs_to_wire(db, found, links(request)))

    async def recognize_get(request: Request, application: Application, namespace: str | None, job_id: str) -> Response:
        name = checked_namespace(namespace)
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            job = await jobs.get(
                db,
                _required(translate.id_from_wire(job_id), "job"),
                organization_id=application.organization_id,
                namespace_id=place.id,
                kind=JobKind.RECOGNIZE,
            )
            [answer] = await _jobs_to_wire(db, [_required(job, "job")], links(request))
        return _answer(answer)

    response = {"response_model": wire.RecognizeResponse, **_body(wire.RecognizeRequest)}
    listed = {"response_model": list[wire.RecognizeResponse], **_body(wire.SearchRequest)}

    @router.post("/recognition/recognize", include_in_schema=False)
    @router.post("/recognize", **response)
    async def recognize_by_query(request: Request, application: Creator, namespace: InQuery) -> Response:
        """Accept pictures; the namespace is in the query."""
        return await recognize(request, application, namespace)

    @router.post("/recognize/search", **listed)
    async def recognize_search_by_query(request: Request, application: Reader, namespace: InQuery) -> Response:
        """Search recognise jobs; the namespace is in the query."""
        return await recognize_search(request, application, namespace)

    @router.get("/recognize/{job_id}", response_model=wire.RecognizeResponse)
    async def recognize_get_by_query(
        request: Request, application: Reader, job_id: str, namespace: InQuery
    ) -> Response:
        """One recognise job; the namespace is in the query."""
        return await recognize_get(request, application, namespace, job_id)

    @router.post("/recognition/recognize/{namespace}", **response)
    @router.post("/recognize/{namespace}", **response)
    async def recognize_by_path(request: Request, application: Creator, namespace: str) -> Response:
        """Accept pictures."""
        return await recognize(request, application, unquoted(namespace, "namespace"))

    @router.post("/recognition/recognize/{namespace}/search", **listed)
    @router.post("/recognize/{namespace}/search", **listed)
    async def recognize_search_by_path(request: Request, application: Reader, namespace: str) -> Response:
        """Search recognise jobs."""
        return await recognize_search(request, application, unquoted(namespace, "namespace"))

    @router.get("/recognition/recognize/{namespace}/{job_id}", response_model=wire.RecognizeResponse)
    @router.get("/recognize/{namespace}/{job_id}", response_model=wire.RecognizeResponse)
    async def recognize_get_by_path(request: Request, application: Reader, namespace: str, job_id: str) -> Response:
        """One recognise job."""
        return await recognize_get(request, application, unquoted(namespace, "namespace"), job_id)

    # --- images: detected faces ---------------------------------------------------------------------------

    @router.get("/recognition/images/{namespace}/{face_id}", response_model=wire.ImageResponse)
    async def image_get(request: Request, application: Reader, namespace: str, face_id: str) -> Response:
        """One face; with ``Accept: image/jpeg``, a redirect to its crop."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            face = _required(
                await faces.get(db, place.id, _required(translate.id_from_wire(face_id), "image")), "image"
            )
        if _wants_jpeg(request):
            location = links(request).crop_url(face)
            return Response(status_code=302, headers={"Location": location, "Cache-Control": "no-store"})
        return _answer(translate.face_to_wire(face, links(request)))

    @router.post(
        "/recognition/images/{namespace}/search",
        response_model=list[wire.ImageResponse],
        **_body(wire.SearchRequest),
    )
    async def image_search(request: Request, application: Reader, namespace: str) -> Response:
        """Search faces."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        search = await _read_search(request)
        async with database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            found = [] if place is None else await faces.search(db, place.id, search)
        return _answer_list(wire.ImageResponse, [translate.face_to_wire(face, links(request)) for face in found])

    # --- groups -------------------------------------------------------------------------------------------

    @router.get("/recognition/groups/{namespace}/{group_id}", response_model=wire.GroupResponse)
    async def group_get(request: Request, application: Reader, namespace: str, group_id: str) -> Response:
        """One group with its faces."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            group = _required(
                await groups.get(db, place.id, _required(translate.id_from_wire(group_id), "group")), "group"
            )
            members = await faces.of_groups(db, place.id, [group.id])
        return _answer(translate.group_to_wire(group, name, members[group.id], links(request)))

    @router.post(
        "/recognition/groups/{namespace}/search",
        response_model=list[wire.GroupResponse],
        **_body(wire.SearchRequest),
    )
    async def group_search(request: Request, application: Reader, namespace: str) -> Response:
        """Search groups."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        search = await _read_search(request)
        async with database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            if place is None:
                return _answer_list(wire.GroupResponse, [])
            found = await groups.search(db, place.id, search)
            members = await faces.of_groups(db, place.id, [group.id for group in found])
        return _answer_list(
            wire.GroupResponse,
            [translate.group_to_wire(group, name, members[group.id], links(request)) for group in found],
        )

    # --- identities ---------------------------------------------------------------------------------------

    async def identity_answer(
        db: Transaction, place: Namespace, identity_id: UUID, request: Request
    ) -> wire.IdentityResponse:
        identity = await naming.get_identity(db, place.id, identity_id)
        members = await faces.of_identities(db, place.id, [identity.id])
        return translate.identity_to_wire(identity, place.name, members[identity.id], links(request))

    @router.post(
        "/recognition/identities/{namespace}",
        response_model=wire.IdentityResponse,
        **_body(wire.IdentityCreateRequest),
    )
    async def identity_create(request: Request, application: Creator, namespace: str) -> Response:
        """Name a person."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        wanted = await read_json(request, wire.IdentityCreateRequest)
        face_ids = translate.face_ids_from_wire(wanted.image_ids or [], "imageIds")
        async with database.transaction() as db:
            place = await namespaces.ensure(db, application.organization_id, name)
            with _field_of_unknown_face({"imageIds": face_ids}):
                identity = await naming.create_identity(
                    db, place.id, custom_id=wanted.custom_id, face_ids=face_ids, author=Author.MANUAL
                )
            answer = await identity_answer(db, place, identity.id, request)
        return _answer(answer)

    @router.post(
        "/recognition/identities/{namespace}/search",
        response_model=list[wire.IdentityResponse],
        **_body(wire.SearchRequest),
    )
    async def identity_search(request: Request, application: Reader, namespace: str) -> Response:
        """Search identities."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        search = await _read_search(request)
        async with database.transaction() as db:
            place = await namespaces.find(db, application.organization_id, name)
            if place is None:
                return _answer_list(wire.IdentityResponse, [])
            found = await identities.search(db, place.id, search)
            members = await faces.of_identities(db, place.id, [identity.id for identity in found])
        return _answer_list(
            wire.IdentityResponse,
            [translate.identity_to_wire(identity, name, members[identity.id], links(request)) for identity in found],
        )

    @router.get("/recognition/identities/{namespace}/{identity_id}", response_model=wire.IdentityResponse)
    async def identity_get(request: Request, application: Reader, namespace: str, identity_id: str) -> Response:
        """One identity with its faces."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            wanted = _required(translate.id_from_wire(identity_id), "identity")
            answer = await identity_answer(db, place, wanted, request)
        return _answer(answer)

    @router.patch(
        "/recognition/identities/{namespace}/{identity_id}",
        response_model=wire.IdentityResponse,
        **_body(wire.IdentityUpdateRequest),
    )
    async def identity_update(request: Request, application: Updater, namespace: str, identity_id: str) -> Response:
        """Change a person's custom id and faces."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        change = await read_json(request, wire.IdentityUpdateRequest)
        images = change.images or wire.ImagesChange()
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            identity = await naming.get_identity(
                db, place.id, _required(translate.id_from_wire(identity_id), "identity")
            )
            add = translate.face_ids_from_wire(images.add, "images.add")
            remove = translate.face_ids_from_wire(images.remove, "images.remove")
            with _field_of_unknown_face({"images.add": add, "images.remove": remove}):
                await naming.update_identity(
                    db,
                    place.id,
                    identity.id,
                    custom_id=change.custom_id,
                    add=add,
                    remove=remove,
                    author=Author.MANUAL,
                )
            answer = await identity_answer(db, place, identity.id, request)
        return _answer(answer)

    @router.delete("/recognition/identities/{namespace}/{identity_id}")
    async def identity_delete(application: Remover, namespace: str, identity_id: str) -> Response:
        """Forget a person; faces and groups stay."""
        name = checked_namespace(unquoted(namespace, "namespace"))
        async with database.transaction() as db:
            place = await _existing(db, application, name)
            await naming.delete_identity(db, place.id, _required(translate.id_from_wire(identity_id), "identity"))
        return Response("{}", media_type="application/json")

    return router


def _body(model: type[BaseModel]) -> dict[str, Any]:
    """What the API's description says of a body that the route reads by itself."""
    schema = model.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    content = {"application/json": {"schema": schema}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def _answer(model: BaseModel) -> Response:
    content = model.model_dump_json(by_alias=True, exclude_none=True)
    return Response(content, media_type="application/json")


def _answer_list(kind: type[BaseModel], models: Sequence[BaseModel]) -> Response:
    adapter: TypeAdapter[Any] = TypeAdapter(list[kind])  # type: ignore[valid-type]
    content = adapter.dump_json(list(models), by_alias=True, exclude_none=True)
    return Response(content, media_type="application/json")


async def _read_search(request: Request) -> Search:
    return translate.search_from_wire(await read_json(request, wire.SearchRequest))


async def _existing(db: Transaction, application: Application, name: str) -> Namespace:
    return _required(await namespaces.find(db, application.organization_id, name), "namespace")


async def _search_jobs(db: Transaction, place: Namespace, search: Search) -> list[Job]:
    return await jobs.search(
        db, search, organization_id=place.organization_id, namespace_id=place.id, kind=JobKind.RECOGNIZE
    )


async def _jobs_to_wire(db: Transaction, found: Sequence[Job], links: Links) -> list[wire.RecognizeResponse]:
    images = await jobs.images_of(db, [job.id for job in found])
    seen = await faces.sightings(db, [image.id for each in images.values() for image in each])
    return [translate.recognize_to_wire(job, images[job.id], seen, links) for job in found]


def _required(thing: Thing | None, what: str) -> Thing:
    if thing is None:
        raise NotFound(f"There is no such {what}.")
    return thing


@contextmanager
def _field_of_unknown_face(fields: Mapping[str, Sequence[UUID]]) -> Iterator[None]:
    """Say in which field of the request the face stands that nobody knows."""
    try:
        yield
    except UnknownFace as error:
        field = next((name for name, face_ids in fields.items() if error.face_id in face_ids), "body")
        raise InvalidRequest(f"{field}: {error.message}") from error


def _wants_jpeg(request: Request) -> bool:
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    return "image/jpeg" in accepted and "application/json" not in accepted
