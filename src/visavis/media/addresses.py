"""Network addresses that a stranger's URL may make us call.

Source: the IANA special-purpose address registries for IPv4 and IPv6, and RFC 6052 for embedded IPv4. The
tables are written out because what ``ipaddress`` calls global differs between Python versions.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; a connection to 0.0.0.0 ends at this machine
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # looks public, is the platform service of one cloud
        "169.254.0.0/16",  # link-local, with the metadata services of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4, withdrawn
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_UNICAST_V6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, among them Teredo, which embeds two IPv4 addresses
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, withdrawn, embeds any IPv4 address
        "3fff::/20",  # documentation
    )
)
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")

_LOOPBACK: Final = IPv4Address("127.0.0.1")

_ENDS_IN_A_NUMBER: Final = re.compile(r"(^|\.)(\d+|0[xX][0-9a-fA-F]*)$")


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which addresses and ports may be called: by default public ones only."""

    allow_private: bool = False  # everything goes: for a server whose clients are all trusted
    allowed_networks: tuple[IPNetwork, ...] = ()  # and these, although they are not public

    def permits(self, address: IPAddress) -> bool:
        """Whether this address may be called; an embedded IPv4 address is what counts."""
        address = _without_wrapping(address)
        return self.allow_private or is_public(address) or any(address in net for net in self.allowed_networks)

    def permits_port(self, port: int) -> bool:
        """80, 443 and whatever needs no privilege to listen on.

        Below 1024 there are mail, shells and directories, and hardly ever a picture.
        """
        return self.allow_private or port in (80, 443) or 1024 <= port <= 65535


def is_public(address: IPAddress) -> bool:
    """Whether anybody on the internet could call this address: not private, loopback, link-local, multicast,
    reserved, documentation, nor a tunnel to any of them."""
    address = _without_wrapping(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_V4)
    return address in _GLOBAL_UNICAST_V6 and not any(address in network for network in _NOT_PUBLIC_V6)


def literal_address(host: str) -> IPAddress | None:
    """The address that a host spells out, in any notation that a system resolver takes, or None for a name.

    Besides the usual spellings these are ``127.1``, ``2130706433``, ``0x7f.1``, ``0177.0.0.1``, each with or
    without a trailing dot, and the names under ``localhost``, which RFC 6761 gives to the loopback.
    """
    host = host.removesuffix(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return _LOOPBACK
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if not _ENDS_IN_A_NUMBER.search(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _without_wrapping(address: IPAddress) -> IPAddress:
    """IPv4 out of ``::ffff:a.b.c.d`` and ``64:ff9b::a.b.c.d``, which lead to that very address."""
    if isinstance(address, IPv6Address) and (address in _MAPPED or address in _NAT64):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
