"""The server's own few routes."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from support.client import Client
from support.people import EILEEN, picture
from support.server import Server


def test_metrics_count_the_work_that_waits(tmp_path: Path) -> None:
    server = Server(tmp_path / "home", workers=0)
    server.start()
    try:

        def units() -> float:
            told = httpx.get(f"{server.base_url}/metrics").raise_for_status().text
            assert "visavis_deliveries_waiting 0.0" in told
            found = re.search(r"^visavis_work_units (\S+)$", told, re.MULTILINE)
            assert found is not None
            return float(found[1])

        assert units() == 0
        with Client(server.base_url, server.create_app("acme", "camera")) as client:
            client.send_job("office", [picture(EILEEN)])
        assert units() == 1
        assert httpx.get(f"{server.base_url}/healthz").text == "ok\n"
        assert httpx.get(f"{server.base_url}/readyz").json() == {
            "ready": True,
            "checks": {"database": "ok", "storage": "ok"},
        }
    finally:
        server.stop()
