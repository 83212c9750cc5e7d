"""Logging: what it says, and what it must not say."""

from __future__ import annotations

import subprocess
import sys

import pytest

_FAILS = """
import structlog
from visavis.logs import configure_logging

def sign_in(password):
    raise ValueError("no such name")

configure_logging(level="info", log_format={log_format!r})
try:
    sign_in("swordfish" + "1")
except ValueError as error:
    structlog.get_logger("test").error("request failed", path="/console/sign-in", exc_info=error)
"""
_SOCKETS = """
import logging
from visavis.logs import configure_logging

configure_logging(level="info", log_format="json")
log = logging.getLogger("uvicorn.error")
log.info('%s - "WebSocket %s" [accepted]', "127.0.0.1:1", "/socket.io/?client_id=open-sesame")
log.info("connection open")
log.info("Uvicorn running on %s", "http://127.0.0.1:8000")
"""


def logged(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_traceback_does_not_say_what_variables_held(log_format: str) -> None:
    said = logged(_FAILS.format(log_format=log_format))
    assert "request failed" in said
    assert "no such name" in said
    assert "in sign_in" in said
    assert "swordfish1" not in said


def test_sockets_of_the_console_are_not_logged() -> None:
    said = logged(_SOCKETS)
    assert "open-sesame" not in said
    assert len(said.splitlines()) == 1
    assert "Uvicorn running on http://127.0.0.1:8000" in said
