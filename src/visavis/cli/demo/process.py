"""A server of the demo's own, as a user would start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from visavis.errors import VisavisError

_COMMAND = (sys.executable, "-m", "visavis")
_READY_WITHIN_S = 60.0
_STOPPED_WITHIN_S = 40.0

# What would lead the demo away from its fresh home; other settings (the backend, say) hold for it too.
_NOT_HERS = ("VISAVIS_DATABASE_URL", "VISAVIS_STORAGE_URL", "VISAVIS_PUBLIC_URL")


class ServerProcess:
    """``visavis serve`` on a port that nobody uses; ``credentials`` are those of the last application made."""

    def __init__(self, home: Path, *, log: Path) -> None:
        self.home = home
        self.credentials: dict[str, str] = {}
        self._log = log
        self._port = _free_port()
        self.base_url = f"http://127.0.0.1:{self._port}"
        inherited = {name: value for name, value in os.environ.items() if name not in _NOT_HERS}
        self._environment = {**inherited, "VISAVIS_HOME": str(home)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready.

        Raises:
            VisavisError: it ended, or was not ready in time.
        """
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [*_COMMAND, "serve", "--port", str(self._port)],
                env=self._environment,
                stdout=log,
                stderr=log,
                # Ctrl+C is for the demo, which then stops the server in order.
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise VisavisError("The server ended at its start.")
            try:
                if httpx.get(f"{self.base_url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise VisavisError(f"The server was not ready within {_READY_WITHIN_S:.0f} s.")

    def create_app(self, organization: str, name: str) -> dict[str, str]:
        """Make an application; its credentials."""
        command = [*_COMMAND, "app", "create", "--org", organization, "--name", name, "--json"]
        answer = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)  # noqa: S603
        if answer.returncode != 0:
            raise VisavisError(f"No application could be made: {answer.stderr.strip()}")
        self.credentials = json.loads(answer.stdout)
        return self.credentials

    def last_words(self) -> str:
        """The end of the server's log."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(["The server's last words:", *lines[-15:]])

    def stop(self) -> None:
        """End it, in order if it can."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
