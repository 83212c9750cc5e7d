"""The description of the dialect: whatever it permits, and much that it does not, never ends in a server failure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from support.client import Json
from support.server import Server

METHODS = ("get", "post", "put", "delete")


@pytest.fixture(scope="module")
def described(studio: Server) -> Json:
    told: Json = httpx.get(f"{studio.base_url}/v1/openapi.json").json()
    return told


def test_the_description_names_every_operation_of_the_contract(studio: Server, described: Json) -> None:
    contract = json.loads((Path(__file__).parent / "contract.json").read_text(encoding="utf-8"))["paths"]
    operations = {
        (method, path) for path, methods in described["paths"].items() for method in methods if method in METHODS
    }
    assert operations == {(method, path) for path, methods in contract.items() for method in methods}
    assert len(operations) == 37
    assert "Cloudglue" in httpx.get(f"{studio.base_url}/v1/docs").text


def test_operations_take_the_arguments_of_the_contract(described: Json) -> None:
    contract = json.loads((Path(__file__).parent / "contract.json").read_text(encoding="utf-8"))["paths"]
    for path, methods in contract.items():
        for method, operation in methods.items():
            wanted = {each["name"] for each in operation.get("parameters", [])}
            told = {each["name"] for each in described["paths"][path][method].get("parameters", [])}
            assert told == wanted, f"{method} {path}"


def test_what_the_description_refers_to_is_in_it(described: Json) -> None:
    schemas = described["components"]["schemas"]
    assert set(_references(described)) <= {f"#/components/schemas/{name}" for name in schemas}


def test_requests_made_from_the_description_never_end_in_a_failure_of_the_server(
    studio: Server, tmp_path: Path
) -> None:
    key = studio.create_app("described", "described")["apiKey"]
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        "run",
        f"{studio.base_url}/v1/openapi.json",
        "--checks",
        "not_a_server_error",
        "--max-examples",
        "15",
        "--seed",
        "1",
        "--header",
        f"Authorization: Bearer {key}",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=280)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in _references(each)]
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    return []
