"""Secrets: made at random, kept as hashes."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visavis.accounts.credentials import hash_secret, make_credentials, secret_fits


def test_each_application_gets_secrets_of_its_own() -> None:
    made = [make_credentials() for _ in range(50)]
    for name in ("client_id", "client_secret", "api_key", "subscription_key"):
        assert len({getattr(each, name) for each in made}) == 50
    assert all(len({each.client_secret, each.api_key, each.subscription_key}) == 3 for each in made)


def test_secrets_have_256_bits() -> None:
    made = make_credentials()
    assert UUID(made.client_id).version == 4
    assert len(made.client_secret) == len(made.api_key) == 43  # 32 bytes in base64
    assert len(bytes.fromhex(made.subscription_key)) == 32


def test_secrets_are_not_told_by_repr() -> None:
    made = make_credentials()
    for secret in (made.client_secret, made.api_key, made.subscription_key):
        assert secret not in repr(made)
        assert secret not in f"{made}"


def test_a_secret_is_kept_as_its_sha256() -> None:
    assert hash_secret("secret") == hashlib.sha256(b"secret").digest()
    assert b"secret" not in hash_secret("secret")


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_fits_its_own_hash(secret: str) -> None:
    assert secret_fits(secret, hash_secret(secret))
    assert not secret_fits(secret + "x", hash_secret(secret))


# what somebody sends instead of the secret
@pytest.mark.parametrize("guess", ["", "Secret", "secret ", "secre", "secret\x00", "\ud800", "s" * 100_000])
def test_nothing_else_fits(guess: str) -> None:
    assert not secret_fits(guess, hash_secret("secret"))


def test_the_hash_itself_opens_nothing() -> None:
    stored = hash_secret("secret")
    assert not secret_fits(stored.hex(), stored)
    assert not secret_fits(stored.decode("latin-1"), stored)
