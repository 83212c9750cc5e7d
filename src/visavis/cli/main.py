"""The commands, one module each, and how their errors are told."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from visavis import __version__
from visavis.cli import (
    apps,
    compare,
    doctor,
    evaluate,
    folder_import,
    jobs,
    orgs,
    photo_matches,
    serve,
    users,
    webhooks,
    worker,
)
from visavis.cli.demo import demo
from visavis.errors import VisavisError

app = typer.Typer(
    name="visavis",
    help="Self-hosted face matching: pictures in, people out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("compare")(compare.compare)
app.command("import")(folder_import.import_folder)
app.command("evaluate")(evaluate.evaluate)
app.command("doctor")(doctor.doctor)
app.command("demo")(demo)
app.add_typer(apps.app, name="app")
app.add_typer(orgs.app, name="org")
app.add_typer(users.app, name="user")
app.add_typer(jobs.app, name="jobs")
app.add_typer(photo_matches.app, name="photomatch")
app.add_typer(webhooks.app, name="webhooks")


@app.callback(invoke_without_command=True)
def _options(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        typer.echo(f"visavis {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; an error we know is a sentence, not a traceback."""
    try:
        app()
    except VisavisError as error:
        # A message may name a file, whose name may look like markup, and must stay in one piece to be copied.
        Console(stderr=True, emoji=False).print(
            f"[bold red]Error:[/] {escape(error.message)}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
