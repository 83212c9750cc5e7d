"""Holds every answer of the server to the facts of the published wire."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from support.client import Client

_FACTS: Final = Path(__file__).parent.parent / "contract"
_ADDRESS: Final = "urn:visavis:contract"

# What the behaviour page asks of every operation, and the facts do not repeat for each of them.
_IN_WORDS: Final = {
    400: "a namespace that is missing or unreadable is refused wherever it is asked for",
    403: "a valid token lacks the scope",
    413: "the body has more than 64 MiB",
}


class Contract:
    """The operations of the facts file and the schemas of their answers."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._paths: dict[str, Any] = facts["paths"]
        resource = Resource(contents=facts, specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_ADDRESS, resource)

    @classmethod
    @cache
    def published(cls, dialect: str = "imageintelligence") -> Contract:
        """That of a dialect."""
        return cls(json.loads((_FACTS / dialect / "contract.json").read_text(encoding="utf-8")))

    def template(self, path: str) -> str | None:
        """The path of the facts that an address belongs to: the one with the most fixed parts."""
        parts = path.rstrip("/").split("/")
        fits = [
            template
            for template in self._paths
            if len(template.split("/")) == len(parts)
            and all(
                fixed == part or (fixed.startswith("{") and part)
                for fixed, part in zip(template.split("/"), parts, strict=True)
            )
        ]
        return max(fits, key=lambda template: -template.count("{"), default=None)

    def check(self, response: httpx.Response) -> None:
        """Fail unless the contract allows this answer to this request."""
        request = response.request
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        told = f"{request.method} {unquote(path)} -> {response.status_code} {response.text[:500]}"
        assert response.status_code < 500, told
        template = self.template(path)
        if template is None:
            assert response.status_code in (401, 404, 405), f"not in the contract: {told}"
            self._check_error(response, told)
            return
        operation = self._paths[template].get(request.method.lower())
        if operation is None:
            assert response.status_code == 405, f"the contract has no such method: {told}"
            self._check_error(response, told)
            return
        listed = operation["responses"].get(str(response.status_code))
        if listed is None:
            assert response.status_code in _IN_WORDS, f"the contract does not list the status: {told}"
            self._check_error(response, told)
            return
        if response.status_code == 302:
            assert response.headers["location"], told
            return
        body = self._json(response, told)
        if "content" in listed:
            method, status = request.method.lower(), str(response.status_code)
            content = ["paths", template, method, "responses", status, "content"]
            self._validate(body, [*content, "application/json", "schema"], told)

    def check_answer(self, template: str, response: httpx.Response) -> None:
        """Fail unless a path of the facts lists this status, and a JSON body is as it says there."""
        method, status = response.request.method.lower(), str(response.status_code)
        told = f"{method} {template} -> {status} {response.text[:500]}"
        listed = self._paths[template][method]["responses"].get(status)
        assert listed is not None, f"the contract does not list the status: {told}"
        if "application/json" in listed.get("content", {}):
            assert response.headers["content-type"].partition(";")[0] == "application/json", told
            pointer = ["paths", template, method, "responses", status, "content", "application/json", "schema"]
            self._validate(response.json(), pointer, told)

    def check_schema(self, name: str, body: Any) -> None:
        """Fail unless a body is as the schema of that name says."""
        self._validate(body, ["components", "schemas", name], name)

    def _check_error(self, response: httpx.Response, told: str) -> None:
        self._validate(self._json(response, told), ["components", "schemas", "Error"], told)

    @staticmethod
    def _json(response: httpx.Response, told: str) -> Any:
        assert response.headers["content-type"].partition(";")[0] == "application/json", told
        body = response.json()
        nulls = list(paths_of_null(body))
        assert not nulls, f"null at {nulls}: {told}"
        return body

    def _validate(self, body: Any, pointer: list[str], told: str) -> None:
        reference = "/".join(part.replace("~", "~0").replace("/", "~1") for part in pointer)
        validator = Draft202012Validator({"$ref": f"{_ADDRESS}#/{reference}"}, registry=self._registry)
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(body)]
        assert not faults, f"{faults}: {told}"


def paths_of_null(value: Any, path: str = "$") -> list[str]:
    """Where in a JSON document there is null."""
    if value is None:
        return [path]
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in paths_of_null(each, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for number, each in enumerate(value) for found in paths_of_null(each, f"{path}[{number}]")]
    return []


class ContractClient(Client):
    """A client that believes nothing: each answer is held to the contract."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        response = super().send(request, **options)
        if request.url.path.startswith("/v2/"):
            Contract.published().check(response)
        return response

    def jobs(self, namespace: str, **search: Any) -> list[dict[str, Any]]:
        """Recognise jobs of a namespace."""
        return self._search("recognize", namespace, search)
