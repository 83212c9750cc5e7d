"""A client of the server, written as a user would write one: HTTP and JSON."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from visavis.errors import VisavisError

Json = dict[str, Any]

_JOB_WITHIN_S = 60.0
_PENDING = 1


class DemoClient:
    """Signed in to one server."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        self._credentials = credentials
        self._http = httpx.Client(base_url=base_url, timeout=30)
        wanted = {key: credentials[key] for key in ("clientId", "clientSecret")}
        token = self._call("POST", "/v2/oauth/token", wanted)["accessToken"]
        self._http.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> DemoClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def recognize(self, namespace: str, pictures: Sequence[tuple[str, bytes]]) -> Json:
        """Send pictures (custom id, bytes) and wait until the job has ended."""
        images = [{"customId": name, "blob": base64.b64encode(data).decode()} for name, data in pictures]
        path = f"/v2/recognition/recognize/{namespace}"
        return self._ended(path, self._call("POST", path, {"images": images}))

    def match(self, target_urls: Sequence[str], pictures: Sequence[tuple[str, bytes]]) -> Json:
        """Look for the person of some picture addresses in pictures, and wait until the job has ended."""
        images = [{"customId": name, "blob": base64.b64encode(data).decode()} for name, data in pictures]
        target = {"class": "person", "images": list(target_urls)}
        return self._ended("/v2/match", self._call("POST", "/v2/match", {"target": target, "images": images}))

    def _ended(self, path: str, job: Json) -> Json:
        if job["status"] != "IN_PROGRESS":
            return job
        return _told_when(
            lambda: self._call("GET", f"{path}/{job['id']}"), lambda told: told["status"] != "IN_PROGRESS", "job"
        )

    def groups(self, namespace: str) -> list[Json]:
        """All groups, the oldest first."""
        found: list[Json] = self._call(
            "POST", f"/v2/recognition/groups/{namespace}/search", {"limit": 100, "sortBy": "ASC"}
        )
        return found

    def name(self, namespace: str, custom_id: str, face_ids: Sequence[str]) -> Json:
        """Make an identity of faces."""
        identity: Json = self._call(
            "POST", f"/v2/recognition/identities/{namespace}", {"customId": custom_id, "imageIds": list(face_ids)}
        )
        return identity

    def photo_match(self, selfie: bytes, id_photo: bytes) -> Json:
        """Ask the second dialect whether a selfie shows the person on an ID photo."""
        form = {
            "client_id": self._credentials["clientId"],
            "client_secret": self._credentials["clientSecret"],
            "grant_type": "client_credentials",
        }
        token = self._http.post("/realms/demo/protocol/openid-connect/token", data=form).raise_for_status().json()
        headers = {
            "Authorization": f"Bearer {token['access_token']}",
            "Ocp-Apim-Subscription-Key": self._credentials["subscriptionKey"],
        }
        path, version = "/idv/api/biometrics/photomatch", {"v": "2.0"}
        files = {"selfie": ("selfie.jpg", selfie), "idFrontPhoto": ("card.jpg", id_photo)}
        created = self._http.post(path, params=version, headers=headers, files=files).raise_for_status().json()

        def ask() -> Json:
            told: Json = (
                self._http.get(f"{path}/{created['id']}", params=version, headers=headers).raise_for_status().json()
            )
            return told

        return _told_when(ask, lambda told: told["requestStatus"] != _PENDING, "photo match")

    def find_in_video(self, picture: bytes, film: bytes) -> Json:
        """Ask the third dialect at which moments of a video the person of a picture is on screen."""
        headers = {"Authorization": f"Bearer {self._credentials['apiKey']}"}
        files = {"file": ("film.mp4", film, "video/mp4")}
        video: Json = self._http.post("/v1/files", headers=headers, files=files).raise_for_status().json()
        wanted = {
            "source_image": {"base64_image": base64.b64encode(picture).decode()},
            "target_video_url": video["uri"],
        }
        asked = self._http.post("/v1/face-match", headers=headers, json=wanted).raise_for_status().json()

        def ask() -> Json:
            told: Json = (
                self._http.get(f"/v1/face-match/{asked['face_match_id']}", headers=headers).raise_for_status().json()
            )
            return told

        match = _told_when(ask, lambda told: told["status"] in ("completed", "failed"), "face match")
        if match["status"] == "failed":
            raise VisavisError(f"The face match has not ended well: {match}")
        return match

    def picture(self, url: str) -> bytes:
        """The bytes behind a signed address."""
        return httpx.get(url, timeout=30).raise_for_status().content

    def _call(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        if answer.status_code != 200:
            raise VisavisError(f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def _told_when(ask: Callable[[], Json], is_ended: Callable[[Json], bool], what: str) -> Json:
    """What is told of something when it has ended."""
    deadline = time.monotonic() + _JOB_WITHIN_S
    while not is_ended(told := ask()):
        if time.monotonic() > deadline:
            raise VisavisError(f"The {what} has not ended within {_JOB_WITHIN_S:.0f} s.")
        time.sleep(0.05)
    return told
