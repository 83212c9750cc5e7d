"""The command: a fresh home, a server on it, the story, and everything put away again."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from visavis.cli.demo.client import DemoClient
from visavis.cli.demo.contact_sheet import draw_contact_sheet
from visavis.cli.demo.process import ServerProcess
from visavis.cli.demo.story import tell
from visavis.errors import VisavisError
from visavis.samples import SamplesMissingError


def demo(
    out: Annotated[Path, typer.Option(help="Where the contact sheet goes.")] = Path("visavis-demo.png"),
    keep: Annotated[bool, typer.Option("--keep", help="Keep the home folder, and say how to go on with it.")] = False,
) -> None:
    """Show the main job on real photographs, on a fresh temporary home.

    Starts a server, makes an application and tells the story over HTTP:
    pictures in, groups appear, one gets a name, a new view of that person
    comes back with it, strangers stay unknown; a match job finds her by two
    pictures alone, a selfie is checked against an ID photo, and a film is
    searched for the moments that show somebody. Draws a contact sheet of
    what was found. Ends with exit code 1 if any step is wrong.
    """
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="visavis-demo-"))
    folder.chmod(0o755)  # the embedded PostgreSQL runs as another user when we are root
    server = ServerProcess(folder / "home", log=folder / "server.log")
    begun = time.monotonic()
    # A stop by the system is an interruption like Ctrl+C: everything is put away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with console.status("Starting a server with its own PostgreSQL ..."):
            server.start()
        credentials = server.create_app("acme", "demo")
        console.print(
            f"Server ready after {time.monotonic() - begun:.1f} s: {server.base_url}, home {server.home}\n"
            f"Application [bold]demo[/] of [bold]acme[/] has signed in.\n"
        )
        with DemoClient(server.base_url, credentials) as client:
            album = tell(client, console)
            draw_contact_sheet(album, out)
        console.print(f"\nContact sheet: [bold]{out}[/]   ({time.monotonic() - begun:.1f} s in all)")
    except SamplesMissingError as error:
        raise VisavisError(str(error)) from error
    except VisavisError:
        if not keep:
            console.print(server.last_words(), highlight=False, markup=False)
        raise
    finally:
        server.stop()
        if keep:
            _tell_how_to_go_on(console, server, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _tell_how_to_go_on(console: Console, server: ServerProcess, folder: Path) -> None:
    console.print(f"\nKept: {folder}. Go on with it:", highlight=False)
    console.print(f"  VISAVIS_HOME={server.home} visavis serve", highlight=False)
    for key, value in server.credentials.items():
        console.print(f"  {key}: {value}", highlight=False)
