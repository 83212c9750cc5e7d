"""A real browser, with nothing in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # which root cannot have
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    """A page of a headless Chromium with a profile of its own; what scripts fail at fails the test."""
    program = next((path for name in _NAMES if (path := shutil.which(name))), None)
    assert program is not None, "these tests drive a browser: `make browser` installs Chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("dialog", lambda dialog: failures.append(f"a dialog: {dialog.message}"))
        yield page
        await browser.close()
        assert failures == []
