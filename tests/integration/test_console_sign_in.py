"""Signing in to the console, as HTTP: who is let in, where to, and with which cookie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from support.server import Server

SIGN_IN = "/console/sign-in"
NAME = 'olga <b>"'


@pytest.fixture(scope="module")
def password(server: Server) -> str:
    """The password of an operator."""
    return str(json.loads(server.run("user", "create", "--name", NAME, "--json").stdout)["password"])


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx.Client]:
    """A browser of few words."""
    with httpx.Client(base_url=server.base_url) as client:
        yield client


def send(visitor: httpx.Client, password: str, /, **changed: str) -> httpx.Response:
    return visitor.post(SIGN_IN, data={"name": NAME, "password": password, "next": "/console/", **changed})


def cookie_of(answer: httpx.Response) -> Morsel[str]:
    cookie: Morsel[str] = SimpleCookie(answer.headers["set-cookie"])["visavis_console"]
    return cookie


def test_nobody_sees_a_page_without_signing_in(visitor: httpx.Client) -> None:
    for path in ("/console/", "/console/?unfinished=true", "/console/work/00000000-0000-4000-8000-000000000000"):
        answer = visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{SIGN_IN}?{urlencode({'next': path})}"
    visitor.cookies.set("visavis_console", "guessed", path="/console")
    assert visitor.get("/console/").status_code == 303
    assert visitor.get("/console").headers["location"] == "/console/"


def test_who_signs_in_comes_to_the_page_that_was_wanted(visitor: httpx.Client, password: str) -> None:
    form = visitor.get(SIGN_IN, params={"next": '/console/?organization="><script>'})
    assert 'value="/console/?organization=&quot;&gt;&lt;script&gt;"' in form.text
    answer = send(visitor, password, next="/console/?unfinished=true")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/?unfinished=true")
    cookie = cookie_of(answer)
    assert (cookie["path"], cookie["samesite"], cookie["max-age"]) == ("/console", "lax", str(12 * 3600))
    assert cookie["httponly"] is True
    assert cookie["secure"] == ""  # it came by plain HTTP
    page = visitor.get(answer.headers["location"])
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/console//..",
        "/v2/",
        "/console/\\x",
        "/console/\r\nX: y",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(visitor: httpx.Client, password: str, wanted: str) -> None:
    where = send(visitor, password, next=wanted).headers["location"]
    assert where.startswith("/console/")
    assert httpx.URL(visitor.base_url).join(where).host == httpx.URL(visitor.base_url).host


@pytest.mark.parametrize(
    "changed",
    [{"password": "wrong"}, {"password": ""}, {"name": "nobody"}, {"name": ""}, {"name": "a\0b"}, {"name": "é" * 200}],
)
def test_a_wrong_name_or_password_gets_one_answer(
    visitor: httpx.Client, password: str, changed: dict[str, str]
) -> None:
    answer = send(visitor, password, **changed)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers
    assert visitor.get("/console/").status_code == 303


def test_the_form_keeps_the_name_but_not_the_password(visitor: httpx.Client) -> None:
    text = send(visitor, "my other password").text
    assert 'value="olga &lt;b&gt;&quot;"' in text
    assert "my other password" not in text


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"name", b"name=a&name=b", b"=&=&"])
def test_a_body_that_is_no_form_is_a_wrong_name(visitor: httpx.Client, body: bytes) -> None:
    assert visitor.post(SIGN_IN, content=body).status_code == 401


def test_a_body_that_is_too_long_is_not_read(visitor: httpx.Client, password: str) -> None:
    assert send(visitor, password, more="x" * 10_000).status_code == 413
    assert send(visitor, password).status_code == 303


def test_other_sites_cannot_sign_in_or_out(visitor: httpx.Client, password: str) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    form = {"name": NAME, "password": password}
    assert visitor.post(SIGN_IN, data=form, headers=foreign).status_code == 403
    assert send(visitor, password).status_code == 303
    assert visitor.post("/console/sign-out", headers=foreign).status_code == 403
    assert visitor.get("/console/").status_code == 200


def test_a_session_that_was_signed_out_is_over_for_all_who_have_its_cookie(
    visitor: httpx.Client, password: str
) -> None:
    token = cookie_of(send(visitor, password)).value
    other = cookie_of(send(visitor, password)).value
    visitor.cookies.clear()

    def sees(cookie: str) -> bool:
        return visitor.get("/console/", headers={"Cookie": f"visavis_console={cookie}"}).status_code == 200

    assert sees(token)
    left = visitor.post("/console/sign-out", headers={"Cookie": f"visavis_console={token}"})
    assert (left.status_code, left.headers["location"]) == (303, SIGN_IN)
    assert not sees(token)
    assert sees(other)
    assert visitor.post("/console/sign-out").status_code == 303  # whoever is not signed in


def test_behind_https_the_cookie_goes_by_https_only(server: Server, password: str) -> None:
    with httpx.Client(base_url=server.base_url, headers={"X-Forwarded-Proto": "https"}) as visitor:
        assert cookie_of(send(visitor, password))["secure"] is True


def test_an_unknown_page_is_not_found(visitor: httpx.Client, password: str) -> None:
    send(visitor, password)
    for path in ("/console/work/nonsense", "/console/work/00000000-0000-4000-8000-000000000000"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        assert "There is no work with the id" in answer.text
    nowhere = visitor.get("/console/nonsense")
    assert nowhere.status_code == 404
    assert "There is no such page." in nowhere.text


def test_the_console_keeps_out_of_the_dialects_way(visitor: httpx.Client) -> None:
    answer: dict[str, Any] = visitor.get("/v2/nonsense").json()
    assert "error" in json.dumps(answer).lower()
    assert "/console/" in visitor.get("/").text
