"""Headers of deliveries, checked as receivers check them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from visavis.jobs.signatures import delivery_headers, standard_key

BODY = '{"id": "1", "name": "Ada Lövelace"}'.encode()
STANDARD_KEY = "whsec_" + base64.b64encode(bytes(range(24))).decode()


def headers_of(
    secret_key: str | None, *, body: bytes = BODY, delivery_id: UUID | None = None, at: datetime | None = None
) -> dict[str, str]:
    return delivery_headers(delivery_id or uuid4(), body, secret_key, at=at or datetime.now(UTC))


@pytest.mark.parametrize("secret_key", [None, ""])
def test_without_a_key_nothing_is_signed(secret_key: str | None) -> None:
    delivery_id = uuid4()
    at = datetime(2026, 3, 1, 12, 30, 15, 900_000, tzinfo=UTC)
    assert headers_of(secret_key, delivery_id=delivery_id, at=at) == {
        "Content-Type": "application/json",
        "User-Agent": "visavis",
        "webhook-id": str(delivery_id),
        "webhook-timestamp": "1772368215",
    }


@pytest.mark.parametrize("secret_key", ["correct horse", "schlüssel ☂", STANDARD_KEY, "whsec_%%%"])
def test_the_vendors_signature_is_of_the_raw_body_by_the_key_as_it_was_given(secret_key: str) -> None:
    headers = headers_of(secret_key)
    expected = hmac.new(secret_key.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers["X-Niro-Signature"] == f"sha256={expected}"
    assert headers["X-II-Signature"] == f"sha256={expected}"


def test_the_standard_verifier_takes_a_standard_key_as_text() -> None:
    headers = headers_of(STANDARD_KEY)
    assert Webhook(STANDARD_KEY).verify(BODY, headers) == {"id": "1", "name": "Ada Lövelace"}


@pytest.mark.parametrize("secret_key", ["correct horse", "schlüssel ☂", "whsec_%%%", "d2hhdGV2ZXI="])
def test_the_standard_verifier_takes_any_other_key_as_bytes(secret_key: str) -> None:
    Webhook(secret_key.encode()).verify(BODY, headers_of(secret_key))


def test_what_was_altered_does_not_verify() -> None:
    headers = headers_of(STANDARD_KEY)
    for body, changed in (
        (BODY + b" ", {}),
        (BODY, {"webhook-id": str(uuid4())}),
        (BODY, {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(STANDARD_KEY).verify(body, headers | changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(b"another key").verify(BODY, headers)


def test_an_old_attempt_does_not_verify() -> None:
    headers = headers_of(STANDARD_KEY, at=datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(STANDARD_KEY).verify(BODY, headers)


def test_the_time_zone_of_the_moment_does_not_matter() -> None:
    there = datetime.now(timezone(timedelta(hours=9)))
    Webhook(STANDARD_KEY).verify(BODY, headers_of(STANDARD_KEY, at=there))


@pytest.mark.parametrize(
    ("secret_key", "key"),
    [
        ("whsec_AAEC", b"\x00\x01\x02"),
        ("whsec_AAECAw==", b"\x00\x01\x02\x03"),
        ("whsec_AAECAw", b"\x00\x01\x02\x03"),  # the library's verifier takes it without padding, too
        ("whsec_", b"whsec_"),  # nothing behind it
        ("whsec_A", b"whsec_A"),  # no length that base64 has
        ("whsec_AA EC", b"whsec_AA EC"),
        ("whsec_AA-_", b"whsec_AA-_"),  # the other alphabet
        ("whsec_ä", "whsec_ä".encode()),
        ("AAEC", b"AAEC"),
    ],
)
def test_only_base64_behind_the_prefix_is_decoded(secret_key: str, key: bytes) -> None:
    assert standard_key(secret_key) == key
