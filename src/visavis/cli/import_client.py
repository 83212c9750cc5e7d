"""The server as an import sees it: signed in, in one namespace, and asked twice without harm."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final
from urllib.parse import quote

import httpx
import typer

from visavis.errors import InvalidRequest, NotAuthenticated, VisavisError

Json = dict[str, Any]

FEED_ID: Final = "visavis-import"
MAX_FACES: Final = 20  # of a change to an identity, by the dialect
_POLL_S: Final = 0.2
_LONG_S: Final = 30.0
_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)  # between attempts: long enough for a server that starts again


class ServerError(VisavisError):
    """The server did not do what it was asked."""

    code = "server_error"


class _Bearer(httpx.Auth):
    """Signs in before the first request, and again when a token is no longer good."""

    requires_response_body = True

    def __init__(self, credentials: Json) -> None:
        self._credentials = credentials
        self._token: str | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
            if (yield request).status_code != 401:
                return
        answer = yield httpx.Request("POST", request.url.copy_with(raw_path=b"/v2/oauth/token"), json=self._credentials)
        if answer.status_code == 401:
            raise NotAuthenticated("The server refuses this client id and secret; visavis app create makes new ones.")
        self._token = str(_content(answer)["accessToken"])
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class Server:
    """The server's API, seen from one namespace. Asking twice does nothing twice."""

    def __init__(self, url: str, client_id: str, client_secret: str, namespace: str) -> None:
        self._url = url
        self._root = f"/v2/recognition/{{}}/{quote(namespace, safe='')}"
        auth = _Bearer({"clientId": client_id, "clientSecret": client_secret})
        try:
            self._http = httpx.Client(base_url=url, auth=auth, timeout=120)
        except (httpx.InvalidURL, ValueError) as error:
            raise InvalidRequest(f"{url} is no address of a server: {error}.") from error

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def check(self) -> None:
        """Sign in and ask for next to nothing, so that a wrong address or secret is told at once."""
        try:
            _content(self._http.post(f"{self._root.format('recognize')}/search", json={"limit": 1}))
        except httpx.HTTPError as error:
            raise ServerError(
                f"No server answers at {self._url} ({error}). Start one with visavis serve, or give its --url."
            ) from error

    def earlier_jobs(self) -> Iterator[Json]:
        """Every job that an import has sent into this namespace, oldest first."""
        start, seen = 0, set[str]()
        while True:
            search = {"feedIds": [FEED_ID], "sortBy": "ASC", "limit": 100, "start": start}
            page: list[Json] = self._call("POST", "recognize", "/search", search)
            new = [job for job in page if job["id"] not in seen]
            yield from new
            seen.update(job["id"] for job in new)
            if not new:
                return
            start = new[-1]["createdAt"] - 1  # two jobs may have one moment, told in whole milliseconds

    def send(self, images: list[Json]) -> str:
        """Send pictures; the job's id."""
        custom_id = uuid.uuid4().hex

        def accepted() -> Json | None:  # the answer may have got lost after the job was stored
            found: list[Json] = self._call("POST", "recognize", "/search", {"customIds": [custom_id]})
            return found[0] if found else None

        body = {"images": images, "customId": custom_id, "feedId": FEED_ID}
        return str(self._call("POST", "recognize", "", body, done=accepted)["id"])

    def wait(self, job_id: str) -> Json:
        """The job when it has ended."""
        begun, hinted = time.monotonic(), False
        while True:
            job: Json = self._call("GET", "recognize", f"/{job_id}")
            if job["status"] != "IN_PROGRESS":
                return job
            if not hinted and time.monotonic() - begun > _LONG_S:
                typer.echo(f"The server has not ended job {job_id} for {_LONG_S:.0f} s; does a worker run?", err=True)
                hinted = True
            time.sleep(_POLL_S)

    def identity(self, custom_id: str) -> Json | None:
        """The oldest identity of that name."""
        search = {"customIds": [custom_id], "sortBy": "ASC", "limit": 1}
        found: list[Json] = self._call("POST", "identities", "/search", search)
        return found[0] if found else None

    def create_identity(self, custom_id: str, face_ids: list[str]) -> None:
        """Make an identity of faces, all at once, so that it is whole or not there."""
        body = {"customId": custom_id, "imageIds": face_ids}
        self._call("POST", "identities", "", body, done=lambda: self.identity(custom_id))

    def extend_identity(self, identity_id: str, face_ids: list[str]) -> None:
        """Give at most MAX_FACES faces to an identity."""
        self._call("PATCH", "identities", f"/{identity_id}", {"images": {"add": face_ids}})

    def _call(
        self, method: str, kind: str, path: str, body: Json | None = None, *, done: Callable[[], Any] = lambda: None
    ) -> Any:
        """One request; again after a pause when the server fails or is away, unless ``done`` finds it carried out."""
        for pause in (*_PAUSES_S, None):
            try:
                response = self._http.request(method, self._root.format(kind) + path, json=body)
                if response.status_code < 500 or pause is None:
                    return _content(response)
            except httpx.TransportError as error:
                if pause is None:
                    raise ServerError(
                        f"The server at {self._url} no longer answers ({error}). What is done is done; "
                        "run the command again when it is back."
                    ) from error
            time.sleep(pause)
            if (result := done()) is not None:
                return result
        raise AssertionError("the last attempt returns or raises")


def _content(response: httpx.Response) -> Any:
    """The answer's JSON.

    Raises:
        ServerError: it is a refusal, or not from this kind of server.
    """
    try:
        content = response.json()
        if response.is_success:
            return content
        message = content["error"]["message"]
    except (ValueError, KeyError, TypeError) as error:
        raise ServerError(
            f"{response.url.copy_with(raw_path=b'/')} does not answer like a Visavis server "
            f"(status {response.status_code}). Is the --url right?"
        ) from error
    raise ServerError(f"The server refused: {message}")
