"""Signed addresses of pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from itsdangerous import Signer

from support.links import tampered
from visavis.accounts.media_links import MediaLinks
from visavis.errors import NotPermitted

SECRET = b"k" * 32
RESOURCE = "pictures/organisation/job/face"


@dataclass(frozen=True)
class Address:
    """A signed address, taken apart as the server does."""

    resource: str
    expires: str
    signature: str

    @classmethod
    def of(cls, path: str) -> Address:
        parts = urlsplit(path)
        values = parse_qs(parts.query, keep_blank_values=True)
        return cls(unquote(parts.path).removeprefix("/media/"), values["expires"][0], values["signature"][0])

    def check(self, secret: bytes = SECRET) -> bool:
        MediaLinks(secret).check(self.resource, self.expires, self.signature)
        return True


def make_path(resource: str = RESOURCE, *, ttl_seconds: int = 60, step_seconds: int = 1, secret: bytes = SECRET) -> str:
    return MediaLinks(secret).make(resource, ttl_seconds=ttl_seconds, step_seconds=step_seconds)


def make_address(resource: str = RESOURCE, **options: int) -> Address:
    return Address.of(make_path(resource, **options))


# resources as the dialects make them, and odd ones
@pytest.mark.parametrize("resource", [RESOURCE, "a", "", "a b/ü/東京", "a?b&c#d%2F=e", "../../etc/passwd", "k" * 2000])
def test_an_address_is_good_for_its_resource(resource: str) -> None:
    address = make_address(resource)
    assert address.resource == resource
    assert address.check()


def test_an_address_begins_below_media() -> None:
    assert make_path().startswith(f"/media/{RESOURCE}?")


@pytest.mark.parametrize("ttl_seconds", [0, -1, -900])
def test_an_address_expires(ttl_seconds: int) -> None:
    with pytest.raises(NotPermitted, match="expired"):
        make_address(ttl_seconds=ttl_seconds).check()


@pytest.mark.parametrize("step_seconds", [1, 7, 3600])
def test_a_step_puts_the_end_off_by_less_than_itself(step_seconds: int) -> None:
    before = int(time.time())
    expires = int(make_address(ttl_seconds=900, step_seconds=step_seconds).expires)
    assert expires % step_seconds == 0
    assert before + 900 <= expires < time.time() + 900 + step_seconds


def test_an_address_stays_the_same_within_a_step() -> None:
    day = 86_400
    assert len({make_path(step_seconds=day * 365) for _ in range(3)}) == 1


def test_another_secret_makes_other_addresses() -> None:
    with pytest.raises(NotPermitted):
        make_address().check(secret=b"x" * 32)


def test_a_changed_sign_anywhere_spoils_an_address() -> None:
    path = make_path()
    changed = list(tampered(path))
    assert len(changed) > 60
    for each in changed:
        with pytest.raises(NotPermitted):
            Address.of(each).check()


GOOD = make_address()
# what somebody makes of a good address
FORGED = [
    Address(GOOD.resource, GOOD.expires, ""),
    Address(GOOD.resource, GOOD.expires, "x" * 100_000),
    Address(GOOD.resource, GOOD.expires, "ÿ"),
    Address(GOOD.resource, GOOD.expires, GOOD.signature + "AAAA"),
    Address(GOOD.resource, str(int(GOOD.expires) + 1), GOOD.signature),
    Address(GOOD.resource, "", GOOD.signature),
    Address(GOOD.resource, "never", GOOD.signature),
    Address(GOOD.resource, f" {GOOD.expires}", GOOD.signature),
    Address(GOOD.resource, f"0{GOOD.expires}", GOOD.signature),
    Address(f"{GOOD.resource}\n{GOOD.expires}", "", GOOD.signature),
    Address("", f"{GOOD.resource}\n{GOOD.expires}", GOOD.signature),
    Address(f"{GOOD.resource}/", GOOD.expires, GOOD.signature),
    Address(GOOD.resource.upper(), GOOD.expires, GOOD.signature),
    Address("", "", ""),
]


@pytest.mark.parametrize("address", FORGED)
def test_a_forged_address_opens_nothing(address: Address) -> None:
    with pytest.raises(NotPermitted):
        address.check()


def test_a_signature_for_another_purpose_opens_nothing() -> None:
    signature = Signer(SECRET, salt="tokens").get_signature(f"{RESOURCE}\n{2**40}").decode()
    with pytest.raises(NotPermitted):
        Address(RESOURCE, str(2**40), signature).check()
