"""Applications with the vendor's client and a bare one, and videos of known truth that the tests share."""

from __future__ import annotations

import asyncio
import base64
import itertools
from collections.abc import Callable, Iterator

import pytest

from support.client import Json
from support.cloudglue import Caller, frames
from support.films import Scene, film
from support.people import EILEEN, GRACE, jpeg
from support.picture_host import PictureHost
from support.server import Server
from visavis.accounts.applications import create_application
from visavis.settings import Settings
from visavis.store.database import Database
from visavis.wiring import database_url

_numbers = itertools.count(1)

EILEEN_ALONE = (EILEEN, 0, 40, 50, 240)
GRACE_ALONE = (GRACE, 1, 330, 60, 240)

# Eileen, nobody, Grace, Eileen again: two seconds each
SCENES = (Scene(2, (EILEEN_ALONE,)), Scene(2), Scene(2, (GRACE_ALONE,)), Scene(2, (EILEEN_ALONE,)))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may call private addresses, such as those of hosts and receivers here."""
    running = Server(tmp_path_factory.mktemp("studio") / "home", workers=2, allow_private_urls="1")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def sign_up(studio: Server) -> Iterator[Callable[..., Caller]]:
    """Makes an application of an organisation. By the command line, each would take a second and a half."""
    callers: list[Caller] = []

    async def make(organization: str, scopes: list[str] | None) -> str:
        database = Database(url, max_connections=1)
        await database.open()
        async with database.transaction() as db:
            name = f"app-{next(_numbers)}"
            _, credentials = await create_application(db, organization=organization, name=name, scopes=scopes)
        await database.close()
        return credentials.api_key

    def signed_up(organization: str, scopes: list[str] | None = None) -> Caller:
        callers.append(Caller.of(studio, asyncio.run(make(organization, scopes))))
        return callers[-1]

    with database_url(Settings(home=studio.home)) as url:
        yield signed_up
    for caller in callers:
        caller.close()


@pytest.fixture(scope="session")
def ada(sign_up: Callable[..., Caller]) -> Caller:
    """A caller who may do everything."""
    return sign_up("acme")


@pytest.fixture(scope="session")
def mallory(sign_up: Callable[..., Caller]) -> Caller:
    """A caller of another organisation, who must see nothing."""
    return sign_up("globex")


@pytest.fixture
def newcomer(sign_up: Callable[..., Caller]) -> Caller:
    """A caller whose organisation has nothing yet."""
    return sign_up(f"newcomer-{next(_numbers)}")


@pytest.fixture(scope="session")
def host() -> Iterator[PictureHost]:
    """Somebody else's web server."""
    with PictureHost() as running:
        yield running


@pytest.fixture(scope="session")
def show() -> bytes:
    """A film of ``SCENES``, with sound."""
    return film(SCENES, frame_rate=10, audio=True)


@pytest.fixture(scope="session")
def short() -> bytes:
    """Half a second with Eileen in it."""
    return film((Scene(0.5, (EILEEN_ALONE,)),), frame_rate=10)


@pytest.fixture(scope="session")
def file(ada: Caller, show: bytes) -> Json:
    """The film as a file of Ada's. Nobody deletes it."""
    return ada.upload(show, "show.mp4", series={"name": "Orbit", "season": 2}, tags=["space", "talk"], rating="8")


@pytest.fixture(scope="session")
def detection(ada: Caller, file: Json) -> Json:
    """Its faces, twice a second. Nobody deletes them."""
    return ada.detect(file, frame_extraction_config=frames(2))


@pytest.fixture(scope="session")
def eileen() -> Json:
    """Another picture of Eileen, as a source."""
    return {"base64_image": base64.b64encode(jpeg(EILEEN, 4)).decode()}


@pytest.fixture(scope="session")
def eileen_match(ada: Caller, file: Json, detection: Json, eileen: Json) -> Json:
    """Where she is in the film. Nobody deletes it."""
    return ada.match(file, eileen, face_detection_id=detection["face_detection_id"])
