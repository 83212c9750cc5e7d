"""What every page has around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui

from visavis.console.access import PATH
from visavis.records import User

_SIGN_OUT = (
    f'<form method="post" action="{PATH}/sign-out" style="margin: 0">'
    '<button class="q-btn q-btn--flat text-white q-px-md q-py-xs cursor-pointer">Sign out</button></form>'
)

# Words in colours that can be read on black. Variables, for the rules that use them cannot be overruled.
_DARK = """
.body--dark .nicegui-content { --q-positive: #66cf87; --q-negative: #ff8a80 }
.body--dark .q-table { --q-primary: #7db3f0 }
"""


@contextmanager
def frame(user: User, title: str) -> Iterator[None]:
    """The head of a page with who has signed in; the block makes the page."""
    ui.page_title(f"{title} · Visavis")
    ui.colors(primary="#1f5fa8", positive="#1b7f3b")
    ui.add_css(_DARK)
    with ui.header().classes("q-py-sm"), ui.row().classes("full-width").style("align-items: center"):
        ui.link("Visavis", "/").classes("text-h6 text-white").style("text-decoration: none")
        ui.space()
        ui.label(f"{user.name}, {user.organization or 'operator'}")
        ui.html(_SIGN_OUT, sanitize=False)
    with ui.column().classes("full-width q-pa-md").style("max-width: 80rem; margin: 0 auto"):
        yield
