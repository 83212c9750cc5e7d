"""The description of the dialect: whatever it permits, and much that it does not, never ends in a server failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

from support.server import Server
from support.streamline import NEWER, OLDER, StreamlineClient


def test_the_description_names_every_path_of_both_editions(server: Server) -> None:
    described = httpx.get(f"{server.base_url}/idv/openapi.json").json()
    assert set(described["paths"]) == {
        "/realms/{realm}/protocol/openid-connect/token",
        "/connect/token",
        OLDER,
        f"{OLDER}/{{request_id}}",
        f"{OLDER}/photos/{{photo_id}}",
        NEWER,
        f"{NEWER}/{{request_id}}",
        f"{NEWER}/photos/{{photo_id}}",
    }
    assert "Streamline" in httpx.get(f"{server.base_url}/idv/docs").text


def test_requests_made_from_the_description_never_end_in_a_failure_of_the_server(
    bank: StreamlineClient, server: Server, tmp_path: Path
) -> None:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{server.base_url}/idv/openapi.json",
        "--checks",
        "not_a_server_error",
        "--max-examples",
        "40",
        "--seed",
        "1",
        "--header",
        f"Authorization: {bank.headers['Authorization']}",
        "--header",
        f"Ocp-Apim-Subscription-Key: {bank.headers['Ocp-Apim-Subscription-Key']}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=280)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
