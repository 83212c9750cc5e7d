"""Access tokens: good as issued, and in no other way."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from visavis.accounts.tokens import TokenSigner
from visavis.errors import NotAuthenticated

SECRET = b"k" * 32
ADA = UUID("9a7c1a40-0000-4000-8000-000000000001")


def make_signer(secret: bytes = SECRET, *, ttl_seconds: int = 60) -> TokenSigner:
    return TokenSigner(secret, ttl_seconds=ttl_seconds)


def make_token(*, secret: bytes = SECRET, algorithm: str = "HS256", **changed: object) -> str:
    """A token that somebody has put together; None leaves a claim out."""
    now = int(time.time())
    claims = {"iss": "visavis", "sub": str(ADA), "scope": "recognition:read", "iat": now, "exp": now + 60, **changed}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": algorithm}, claims, OctKey.import_key(secret), algorithms=[algorithm])


def part(value: object) -> str:
    """A part of a token that nobody has signed."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_says_what_it_was_issued_for() -> None:
    token = make_signer().issue(ADA, ["recognition:read", "match:create"])
    claims = make_signer().read(token.value)
    assert claims.application_id == ADA
    assert claims.scopes == {"recognition:read", "match:create"}


def test_a_token_tells_its_times_in_milliseconds() -> None:
    token = make_signer(ttl_seconds=86_400).issue(ADA, [])
    assert token.expires_at_ms - token.issued_at_ms == 86_400_000
    assert abs(token.issued_at_ms - time.time() * 1000) < 2000


def test_a_token_without_scopes_permits_nothing() -> None:
    assert make_signer().read(make_signer().issue(ADA, []).value).scopes == frozenset()
    assert make_signer().read(make_token(scope=None)).scopes == frozenset()


def test_a_token_made_as_the_signer_makes_it_is_read() -> None:
    assert make_signer().read(make_token()).application_id == ADA


def header_and_claims(token: str) -> list[str]:
    return token.split(".")[:2]


GOOD = make_token()
# why it is refused -> how it is made
UNFIT: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "garbage": lambda: "garbage",
    "dots": lambda: "..",
    "five parts": lambda: "a.b.c.d.e",
    "no ASCII": lambda: "ÿ.ÿ.ÿ",
    "half a character": lambda: "\ud800.a.b",
    "expired": lambda: make_token(exp=int(time.time()) - 1),
    "expired long ago": lambda: make_token(exp=0),
    "issued expired": lambda: make_signer(ttl_seconds=-1).issue(ADA, []).value,
    "never expires": lambda: make_token(exp=None),
    "expires in words": lambda: make_token(exp="tomorrow"),
    "another key": lambda: make_token(secret=b"x" * 32),
    "an empty signature": lambda: ".".join([*header_and_claims(GOOD), ""]),
    "alg none": lambda: f"{part({'alg': 'none'})}.{GOOD.split('.')[1]}.",
    "alg None": lambda: f"{part({'alg': 'None', 'typ': 'JWT'})}.{GOOD.split('.')[1]}.",
    "alg none with the good signature": lambda: f"{part({'alg': 'none'})}.{'.'.join(GOOD.split('.')[1:])}",
    "another algorithm, right key": lambda: make_token(algorithm="HS512"),
    "no algorithm": lambda: f"{part({})}.{'.'.join(GOOD.split('.')[1:])}",
    "a header that is no object": lambda: f"{part([])}.{'.'.join(GOOD.split('.')[1:])}",
    "other claims under the good signature": lambda: ".".join(
        [GOOD.split(".")[0], part({"iss": "visavis", "sub": str(uuid4()), "exp": 2**40}), GOOD.split(".")[2]]
    ),
    "another issuer": lambda: make_token(iss="somebody"),
    "no issuer": lambda: make_token(iss=None),
    "nobody's": lambda: make_token(sub=None),
    "a subject that is no id": lambda: make_token(sub="ada"),
    "a subject that is no text": lambda: make_token(sub=5),
}


@pytest.mark.parametrize("why", UNFIT)
def test_any_other_token_is_refused(why: str) -> None:
    with pytest.raises(NotAuthenticated):
        make_signer().read(UNFIT[why]())


def test_an_altered_character_anywhere_spoils_a_token() -> None:
    for place in range(len(GOOD) - 1):  # of the last one, two bits stand for nothing
        swapped = "A" if GOOD[place] != "A" else "B"
        with pytest.raises(NotAuthenticated):
            make_signer().read(GOOD[:place] + swapped + GOOD[place + 1 :])
