"""Clients of the Cloudglue dialect, the vendor's own and a bare one; all their answers are held to the contract."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import cloudglue
import httpx
from cloudglue.sdk.api.webhooks_api import WebhooksApi
from cloudglue.sdk.rest import RESTClientObject, RESTResponse

from support.client import Json
from support.contract import Contract, paths_of_null
from support.server import Server

ENDED: Final = ("completed", "failed")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What the behaviour page asks of every operation, and the facts do not repeat for each of them.
_IN_WORDS: Final = (400, 401, 403, 404, 409)


def hold(method: str, url: str, status: int, headers: Any, content: bytes) -> None:
    """Fail unless the contract allows this answer."""
    told = f"{method} {url} -> {status} {content[:500]!r}"
    assert headers["content-type"] == "application/json", told
    body = json.loads(content)
    assert status < 500, told
    contract = Contract.published("cloudglue")
    path = httpx.URL(url).raw_path.decode().partition("?")[0].removeprefix("/v1")
    template = contract.template(path)
    if status != 200:
        assert set(body) == {"error"}, told
        assert isinstance(body["error"], str), told
        assert body["error"], told
    if template is None or status == 405:
        assert status in (401, 404, 405), told
        return
    request = httpx.Request(method, url)
    try:
        contract.check_answer(template, httpx.Response(status, headers=dict(headers), content=content, request=request))
    except AssertionError:
        if status not in _IN_WORDS:
            raise
    if status == 200:
        assert not [path for path in paths_of_null(body) if "metadata" not in path], told
        _check_ids(body, told)


def _check_ids(value: Any, told: str) -> None:
    if isinstance(value, list):
        for each in value:
            _check_ids(each, told)
    if isinstance(value, dict):
        for name, each in value.items():
            if (name == "id" or name.endswith("_id")) and isinstance(each, str):
                assert _UUID.fullmatch(each), f"{name} is no UUID: {told}"
            if name != "metadata":
                _check_ids(each, told)


class _HeldRest(RESTClientObject):
    """The vendor's way to the network, with the contract's eye on it."""

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> RESTResponse:
        response = super().request(method, url, *arguments, **options)
        response.read()
        hold(method, url, response.status, response.getheaders(), response.data)
        return response


class BareClient(httpx.Client):
    """Paths are relative to ``/v1``."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        super().__init__(base_url=f"{base_url}/v1", headers=headers, timeout=60)

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        response.read()
        hold(request.method, str(request.url), response.status_code, response.headers, response.content)
        return response


@dataclass(frozen=True)
class Caller:
    """An application with both clients."""

    bare: BareClient
    vendor: cloudglue.Cloudglue
    webhooks: WebhooksApi

    @classmethod
    def of(cls, server: Server, api_key: str) -> Caller:
        """One that talks to a server."""
        vendor = cloudglue.Cloudglue(api_key=api_key, host=f"{server.base_url}/v1")
        vendor.api_client.rest_client = _HeldRest(vendor.configuration)
        return cls(BareClient(server.base_url, api_key), vendor, WebhooksApi(vendor.api_client))

    def close(self) -> None:
        """Give up the connections."""
        self.bare.close()
        self.vendor.api_client.rest_client.pool_manager.clear()

    def get(self, path: str, **query: Any) -> Json:
        """What is at a path."""
        return self._told(self.bare.get(path, params=query))

    def post(self, path: str, body: Json) -> Json:
        """What comes of a request."""
        return self._told(self.bare.post(path, json=body))

    def upload(self, film: bytes, name: str = "film.mp4", **metadata: Any) -> Json:
        """A file, when it has been looked into."""
        data = {"metadata": json.dumps(metadata)} if metadata else None
        sent = self._told(self.bare.post("/files", files={"file": (name, film, "video/mp4")}, data=data))
        return self.ended(f"/files/{sent['id']}")

    def ended(self, path: str, **query: Any) -> Json:
        """What is at a path, when it has ended."""
        return self.until(lambda told: told["status"] in ENDED, path, **query)

    def until(self, fits: Callable[[Json], bool], path: str, *, timeout_s: float = 90, **query: Any) -> Json:
        """What is at a path, when it is as wanted."""
        deadline = time.monotonic() + timeout_s
        while not fits(told := self.get(path, **query)):
            assert time.monotonic() < deadline, f"not ended after {timeout_s} s: {told}"
            time.sleep(0.05)
        return told

    def detect(self, file: Json, **fields: Any) -> Json:
        """A face detection, when it has ended."""
        sent = self.post("/face-detect", {"url": file["uri"], **fields})
        return self.ended(f"/face-detect/{sent['face_detection_id']}", limit=100)

    def match(self, file: Json, source_image: Json, **fields: Any) -> Json:
        """A face match, when it has ended."""
        sent = self.post("/face-match", {"source_image": source_image, "target_video_url": file["uri"], **fields})
        return self.ended(f"/face-match/{sent['face_match_id']}", limit=100)

    @staticmethod
    def _told(answer: httpx.Response) -> Json:
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told


def error_of(answer: httpx.Response, status: int = 400) -> str:
    """Why a request was refused."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    return str(answer.json()["error"])


def frames(per_second: float, **fields: Any) -> Json:
    """A configuration of frames."""
    return {"strategy": "uniform", "uniform_config": {"frames_per_second": per_second}, **fields}
