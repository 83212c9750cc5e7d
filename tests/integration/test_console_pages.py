"""The console's pages in a real browser: what is seen of the work as it goes on, and by whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import Locator, Page, expect

from support import films
from support.browser import open_page
from support.client import Client
from support.films import Scene
from support.people import EILEEN, jpeg, picture
from support.server import Server
from support.video_bench import VideoBench, open_video_bench
from visavis.accounts.users import create_user, revoke_user
from visavis.faces import FaceEngine
from visavis.jobs.queue import VideoTask
from visavis.store.database import Database
from visavis.video_records import Sampling

# Nobody in it, so that it is quick; two units of half a minute each, at a frame a second.
LONG = (Scene(60),)
EVIL = "<img src=x onerror=alert(1)>"


@dataclass
class Console:
    """A server without workers over a test's database, and what workers would do, unit by unit."""

    server: Server
    bench: VideoBench
    page: Page

    async def sign_in(self, name: str = "olga", organization: str | None = None, path: str = "/console/") -> None:
        """Make a user and sign in, on the form that is open, or on the way to a page."""
        async with self.bench.database.transaction() as db:
            _, password = await create_user(db, name=name, organization=organization)
        if path:
            await self.page.goto(self.server.base_url + path)
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def row(self, *words: str) -> Locator:
        """The lines of the table with some words in them."""
        rows = self.page.locator("tbody tr")
        for word in words:
            rows = rows.filter(has_text=word)
        return rows


@pytest.fixture
async def console(database: Database, engine: FaceEngine, tmp_path: Path) -> AsyncIterator[Console]:
    server = Server(tmp_path / "home", workers=0, database_url=database.url, storage_url=(tmp_path / "blobs").as_uri())
    await asyncio.to_thread(server.start)
    try:
        async with open_video_bench(database, engine, tmp_path / "blobs") as bench, open_page() as page:
            yield Console(server, bench, page)
    finally:
        await asyncio.to_thread(server.stop)


async def test_a_video_is_seen_to_make_progress(console: Console) -> None:
    bench, page = console.bench, console.page
    file = await bench.film(films.film(LONG, width=320, height=180, frame_rate=2, gop=10), name="press conference.mp4")
    detection = await bench.detection(file, Sampling(1))
    await bench.match(file, detection, jpeg(EILEEN))
    await bench.run_all(VideoTask.MATCH)  # who to look for is known, and waits for the frames
    [first, second] = await bench.take(VideoTask.FRAMES)
    await console.sign_in()
    for kind in ("face match", "face detection", "frame extraction"):
        await expect(console.row(kind, "press conference.mp4")).to_contain_text("0%")
    await expect(console.row("video")).to_contain_text("completed")
    await bench.work.run(first)
    for kind in ("face match", "face detection", "frame extraction"):
        await expect(console.row(kind)).to_contain_text("processing 50%")
        bar = console.row(kind).get_by_role("progressbar")
        assert await bar.get_attribute("aria-valuenow") == "0.5"
    await page.get_by_role("link", name="face match").click()
    await expect(page.get_by_text("Face match · press conference.mp4")).to_be_visible()
    await expect(page.get_by_text("50%", exact=True).first).to_be_visible()
    await expect(console.row("face detection")).to_contain_text("processing 50%")
    # the page was loaded before this happens, and is not loaded again
    await page.evaluate("window.isTheSame = true")
    await bench.work.run(second)
    await bench.run_all()
    for kind in ("face match", "face detection", "frame extraction"):
        await expect(console.row(kind)).to_contain_text("completed")
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    assert await page.evaluate("window.isTheSame")


async def test_a_failure_says_why(console: Console) -> None:
    await console.bench.film(b"this is no video", name="notes.mp4")
    await console.sign_in()
    await expect(console.row("notes.mp4")).to_contain_text("failed")
    await expect(console.row("notes.mp4")).to_contain_text("no video of a supported format")
    await console.page.get_by_role("link", name="video").click()
    await expect(console.page.get_by_text("The file is no video of a supported format.").first).to_be_visible()


async def test_a_job_of_pictures_shows_each_of_them(console: Console) -> None:
    credentials = await asyncio.to_thread(console.server.create_app, "globex", "door")

    def ask() -> None:
        with Client(console.server.base_url, credentials) as client:
            images = [{**picture(EILEEN), "customId": name} for name in ("front", EVIL)]
            client.post(
                "/v2/recognition/recognize/office", json={"customId": "visit 7", "images": images}
            ).raise_for_status()

    await asyncio.to_thread(ask)
    await console.sign_in()
    await expect(console.row("recognize", "visit 7", "globex")).to_contain_text("in progress 0%")
    await console.page.get_by_role("link", name="recognize").click()
    await expect(console.row("picture 1")).to_contain_text("front")
    await expect(console.row("picture 2")).to_contain_text(EVIL)
    await expect(console.row("picture 2")).to_contain_text("in progress")


async def test_what_clients_have_named_is_text(console: Console) -> None:
    file = await console.bench.upload(films.film(), name=f"{EVIL}.mp4")
    await asyncio.to_thread(console.server.create_app, f"{EVIL} Ltd", "camera")
    await console.sign_in(EVIL)
    await expect(console.row(f"{EVIL}.mp4")).to_have_count(1)
    await expect(console.page.get_by_text(f"{EVIL}, operator")).to_be_visible()
    await console.page.get_by_role("combobox", name="Organisation").click()
    await expect(console.page.get_by_role("option", name=f"{EVIL} Ltd")).to_be_visible()
    await console.page.goto(f"{console.server.base_url}/console/work/{file.id}")
    await expect(console.page.get_by_text(f"Video · {EVIL}.mp4")).to_be_visible()
    assert await console.page.locator("img").count() == 0


async def test_only_operators_see_other_organisations(console: Console) -> None:
    page, url = console.page, console.server.base_url
    await asyncio.to_thread(console.server.create_app, "globex", "camera")
    file = await console.bench.upload(films.film(), name="secret.mp4")
    await console.sign_in("mallory", "globex")
    await expect(page.get_by_text("Nothing has been asked for.")).to_be_visible()
    await expect(page.get_by_text("mallory, globex")).to_be_visible()
    assert await page.get_by_role("combobox").count() == 0
    await page.goto(f"{url}/console/?organization=acme")
    await expect(page.get_by_text("Nothing has been asked for.")).to_be_visible()
    answer = await page.goto(f"{url}/console/work/{file.id}")
    assert answer is not None
    assert answer.status == 404
    await expect(page.get_by_text(f"There is no work with the id {file.id}.")).to_be_visible()
    await page.get_by_role("link", name="To all work").click()
    await page.get_by_role("button", name="Sign out").click()
    await console.sign_in("ada", "acme")
    await expect(console.row("secret.mp4")).to_have_count(1)


async def test_work_can_be_looked_through(console: Console) -> None:
    page, bench = console.page, console.bench
    for number in range(55):
        await bench.upload(b"no video", name=f"film {number}.mp4")
    [oldest, *_] = [row[0] for row in await bench.rows("SELECT id FROM video_file ORDER BY created_at, id")]
    await bench.execute(
        "UPDATE video_file SET status = 'failed', failure = 'too long', ended_at = now() WHERE id = %s", oldest
    )
    await console.sign_in()
    await expect(console.row()).to_have_count(50)
    await page.get_by_role("button", name="Show more").click()
    await expect(console.row()).to_have_count(55)
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    await page.get_by_role("button", name="Unfinished").click()
    await page.get_by_role("button", name="Show more").click()
    await expect(console.row()).to_have_count(54)
    assert page.url.endswith("/console/?unfinished=true")
    await page.get_by_role("combobox", name="Organisation").click()
    await page.get_by_role("option", name="acme").click()
    await expect(page).to_have_url(f"{console.server.base_url}/console/?unfinished=true&organization=acme")
    await page.goto(f"{console.server.base_url}/console/?organization=nobody")
    await expect(page.get_by_role("combobox", name="Organisation")).to_have_value("Every organisation")
    await expect(console.row()).to_have_count(50)
    await page.goto(f"{console.server.base_url}/console/?unfinished=true&organization=acme")
    await expect(page.get_by_role("combobox", name="Organisation")).to_have_value("acme")
    await page.get_by_role("button", name="Show more").click()
    await expect(console.row()).to_have_count(54)
    await page.get_by_placeholder("Find by id").fill(f" {oldest} ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text(re.compile(r"Video · film \d+\.mp4"))).to_be_visible()
    await expect(page.get_by_text("too long").first).to_be_visible()
    await page.go_back()
    await page.get_by_placeholder("Find by id").fill("../sign-in?what=/is this")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("There is no work with the id ../sign-in?what=/is this.")).to_be_visible()


async def test_what_is_erased_meanwhile_is_gone_from_its_page(console: Console) -> None:
    file = await console.bench.upload(films.film())
    await console.sign_in(path=f"/console/work/{file.id}")
    await expect(console.page.get_by_text("Video · film.mp4")).to_be_visible()
    await expect(console.page.get_by_text("It is no longer stored.").first).to_be_hidden()
    async with console.bench.database.transaction() as db:
        await console.bench.erasure.file(db, file)
    await expect(console.page.get_by_text("It is no longer stored.").first).to_be_visible()


async def test_who_is_revoked_sees_no_more_of_an_open_page(console: Console) -> None:
    await console.bench.upload(films.film())
    await console.sign_in("mallory")
    await expect(console.row("film.mp4")).to_have_count(1)
    async with console.bench.database.transaction() as db:
        await revoke_user(db, "mallory")
    await expect(console.page.get_by_role("button", name="Sign in")).to_be_visible()
    await expect(console.page.get_by_text("film.mp4")).to_have_count(0)
    await console.page.goto(f"{console.server.base_url}/console/")
    await expect(console.page.get_by_role("button", name="Sign in")).to_be_visible()


async def test_who_signs_in_again_is_back_on_the_page_that_was_open(console: Console) -> None:
    file = await console.bench.upload(films.film())
    await console.sign_in(path=f"/console/work/{file.id}?from=mail")
    await console.bench.execute("DELETE FROM console_session")
    await expect(console.page.get_by_role("button", name="Sign in")).to_be_visible()
    await console.sign_in("grace", path="")
    await expect(console.page).to_have_url(f"{console.server.base_url}/console/work/{file.id}?from=mail")
    await expect(console.page.get_by_text("Video · film.mp4")).to_be_visible()


async def test_a_page_says_that_the_database_is_away_and_goes_on_when_it_is_back(
    console: Console, postgres: str
) -> None:
    page, bench = console.page, console.bench
    await bench.upload(films.film())
    await console.sign_in()
    await expect(console.row("film.mp4")).to_have_count(1)
    name = bench.database.url.split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(postgres.replace("/visavis?", "/postgres?"), autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            await expect(page.get_by_text("The database does not answer.")).to_be_visible(timeout=30_000)
            await expect(console.row("film.mp4")).to_have_count(1)
        finally:
            other.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    await expect(page.get_by_text("The database does not answer.")).to_be_hidden(timeout=30_000)
