from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from visavis.media.addresses import AddressPolicy, is_public, literal_address

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.0", "192.0.1.1",
          "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]  # fmt: skip

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",  # carrier-grade NAT
    "100.100.100.200",  # metadata service of a cloud
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",  # metadata service of most clouds
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible, withdrawn
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",  # NAT64 of loopback
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",  # NAT64 for local use
    "100::1",  # discard
    "2001::1",  # Teredo
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4 of loopback
    "2002:808:808::1",  # 6to4 of a public address: withdrawn all the same
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata service of a cloud
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_public(address):
    assert is_public(ip_address(address))
    assert AddressPolicy().permits(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_all_other_addresses_are_not(address):
    assert not is_public(ip_address(address))
    assert not AddressPolicy().permits(ip_address(address))
    assert AddressPolicy(allow_private=True).permits(ip_address(address))


def test_an_operator_may_allow_a_network():
    policy = AddressPolicy(allowed_networks=(ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")))
    assert policy.permits(ip_address("10.1.2.3"))
    assert policy.permits(ip_address("::ffff:10.1.2.3"))
    assert policy.permits(ip_address("fd00:1::5"))
    assert policy.permits(ip_address("8.8.8.8"))
    assert not policy.permits(ip_address("10.2.0.1"))
    assert not policy.permits(ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7F.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0177.0.0.01.", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("::1", "::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("example.com", None),
        ("1.example", None),
        ("0x7f.example", None),
        ("256.256.256.256", None),
        ("localhost", "127.0.0.1"),
        ("a.LOCALHOST.", "127.0.0.1"),
        ("notlocalhost", None),
    ],
)
def test_numbers_are_read_as_a_system_resolver_would(host, address):
    assert literal_address(host) == (None if address is None else ip_address(address))


@pytest.mark.parametrize(
    ("port", "permitted"),
    [
        (80, True),
        (443, True),
        (1024, True),
        (8080, True),
        (65535, True),
        (22, False),
        (25, False),
        (0, False),
    ],
)
def test_low_ports_other_than_those_of_the_web_are_refused(port, permitted):
    assert AddressPolicy().permits_port(port) is permitted
    assert AddressPolicy(allow_private=True).permits_port(port)
