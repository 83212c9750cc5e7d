"""A client of the Image Intelligence dialect, as one of its users would write it."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from typing import Any

import httpx

Json = dict[str, Any]


class Client(httpx.Client):
    """Signed in; paths are relative to the server."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        super().__init__(base_url=base_url, timeout=60)
        self.credentials = credentials
        answer = self.post(
            "/v2/oauth/token",
            json={"clientId": credentials["clientId"], "clientSecret": credentials["clientSecret"]},
        )
        answer.raise_for_status()
        self.token: Json = answer.json()
        self.headers["Authorization"] = f"Bearer {self.token['accessToken']}"

    def __enter__(self) -> Client:
        # httpx would refuse: the client was used already, to sign in
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def recognize(self, namespace: str, images: Sequence[Json], **fields: str) -> Json:
        """Send pictures and wait for the job's end."""
        return self.wait(namespace, self.send_job(namespace, images, **fields))

    def send_job(self, namespace: str, images: Sequence[Json], **fields: str) -> Json:
        """Send pictures; the job as accepted."""
        answer = self.post(f"/v2/recognition/recognize/{namespace}", json={"images": list(images), **fields})
        assert answer.status_code == 200, answer.text
        job: Json = answer.json()
        return job

    def wait(self, namespace: str, job: Json, *, timeout_s: float = 120) -> Json:
        """A recognise job when it has ended."""
        return self._wait(f"/v2/recognition/recognize/{namespace}/{job['id']}", job, timeout_s)

    def _wait(self, path: str, job: Json, timeout_s: float) -> Json:
        deadline = time.monotonic() + timeout_s
        while job["status"] == "IN_PROGRESS":
            assert time.monotonic() < deadline, f"the job has not ended after {timeout_s} s: {job}"
            time.sleep(0.05)
            answer = self.get(path)
            assert answer.status_code == 200, answer.text
            job = answer.json()
        return job

    def ask_about(self, question: str, body: Json) -> Json:
        """Send a match, detect or ask job and wait for its end."""
        answer = self.post(f"/v2/{question}", json=body)
        assert answer.status_code == 200, answer.text
        job: Json = answer.json()
        return self.wait_for(question, job)

    def wait_for(self, question: str, job: Json, *, timeout_s: float = 120) -> Json:
        """A match, detect or ask job when it has ended."""
        return self._wait(f"/v2/{question}/{job['id']}", job, timeout_s)

    def groups(self, namespace: str, **search: Any) -> list[Json]:
        """Groups of a namespace."""
        return self._search("groups", namespace, search)

    def faces(self, namespace: str, **search: Any) -> list[Json]:
        """Faces of a namespace."""
        return self._search("images", namespace, search)

    def identities(self, namespace: str, **search: Any) -> list[Json]:
        """Identities of a namespace."""
        return self._search("identities", namespace, search)

    def create_identity(self, namespace: str, face_ids: Sequence[str], **fields: str) -> Json:
        """Name a person."""
        body = {"imageIds": list(face_ids), **fields} if face_ids else fields
        answer = self.post(f"/v2/recognition/identities/{namespace}", json=body)
        assert answer.status_code == 200, answer.text
        identity: Json = answer.json()
        return identity

    def _search(self, kind: str, namespace: str, search: dict[str, Any]) -> list[Json]:
        answer = self.post(f"/v2/recognition/{kind}/{namespace}/search", json=search)
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()
        return found


def blob(data: bytes, custom_id: str | None = None) -> Json:
    """A picture as bytes, for a request."""
    image: Json = {"blob": base64.b64encode(data).decode()}
    return image if custom_id is None else {**image, "customId": custom_id}
