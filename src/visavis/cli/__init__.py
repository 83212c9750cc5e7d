"""The command line."""

from visavis.cli.main import main

__all__ = ["main"]
