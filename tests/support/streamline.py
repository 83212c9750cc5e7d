"""A client of the Streamline dialect, as one of its users would write it; each answer is held to the contract."""

from __future__ import annotations

import time
from typing import Any, Final

import httpx

from support.client import Json
from support.contract import Contract

OLDER: Final = "/idv/api/photomatches"
NEWER: Final = "/idv/api/biometrics/photomatch"
FIELDS: Final = {OLDER: ("SourceImage", "TargetImage"), NEWER: ("selfie", "idFrontPhoto")}
VERSION: Final = {"v": "2.0"}

File = tuple[str, bytes, str] | tuple[str, bytes]


class StreamlineClient(httpx.Client):
    """Signed in, with its subscription key."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        super().__init__(base_url=base_url, timeout=60)
        self.credentials = credentials
        answer = self.post(
            "/realms/streamline/protocol/openid-connect/token",
            data={
                "client_id": credentials["clientId"],
                "client_secret": credentials["clientSecret"],
                "grant_type": "client_credentials",
            },
        )
        assert answer.status_code == 200, answer.text
        self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.headers["Ocp-Apim-Subscription-Key"] = credentials["subscriptionKey"]

    def __enter__(self) -> StreamlineClient:
        # httpx would refuse: the client was used already, to sign in
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        response.read()
        contract = Contract.published("streamline")
        path = request.url.path.rstrip("/")
        template = contract.template(path.removeprefix("/idv").replace("/api/", "/idv/api/", 1)) or contract.template(
            path
        )
        if template is not None and response.status_code != 405:
            contract.check_answer(template.replace("{id}", "{id}"), response)
        else:
            assert response.status_code in (200, 401, 403, 404, 405, 400), response.text
            if response.status_code in (401, 403, 404, 405):
                contract.check_schema("ErrorBody", response.json())
        return response

    def submit(self, source: bytes | File, target: bytes | File, path: str = OLDER, **fields: str) -> httpx.Response:
        """Send two photos: the one that is to be verified, the one it is compared with."""
        files = {
            name: photo if isinstance(photo, tuple) else ("photo.jpg", photo)
            for name, photo in zip(FIELDS[path], (source, target), strict=True)
        }
        return self.post(path, params=VERSION, files=files, data=fields)

    def match(self, source: bytes | File, target: bytes | File, path: str = OLDER, **fields: str) -> Json:
        """Send two photos and wait for the result."""
        answer = self.submit(source, target, path, **fields)
        assert answer.status_code == 200, answer.text
        return self.wait(answer.json()["id"], path)

    def wait(self, request_id: str, path: str = OLDER, *, timeout_s: float = 60) -> Json:
        """A photo match when it has ended."""
        deadline = time.monotonic() + timeout_s
        while True:
            answer = self.get(f"{path}/{request_id}", params=VERSION)
            assert answer.status_code == 200, answer.text
            told: Json = answer.json()
            if told["requestStatus"] not in ("Pending", 1):
                return told
            assert time.monotonic() < deadline, f"not ended after {timeout_s} s: {told}"
            time.sleep(0.05)
