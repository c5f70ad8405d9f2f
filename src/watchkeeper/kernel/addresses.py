"""Which network addresses an outgoing request may reach.

Python's ``is_private`` and ``is_global`` miss shared, translated and embedded addresses, so the
table is our own. Sources: IANA special-purpose address registries (RFC 6890), RFC 6052 and 8215
(NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP), RFC 4291 (mapped, compatible),
RFC 2765 (translated); metadata addresses as the clouds document them.
"""

import ipaddress
from collections.abc import Sequence
from enum import Enum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FORBIDDEN_PORTS = frozenset({0, 22, 23, 25, 53, 110, 143, 445, 465, 587, 3306, 5432, 6379, 11211})
"""Ports of services that do not speak HTTP and would take a request for something else."""


class Reach(Enum):
    """Where an address leads."""

    PUBLIC = "public"
    INTERNAL = "internal"
    NEVER = "never"


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_NEVER = _networks(
    "0.0.0.0/8",
    "100.100.100.200/32",  # a cloud's metadata
    "168.63.129.16/32",  # a cloud's host agent, though the address is a public one
    "169.254.0.0/16",  # link-local, where clouds keep their credentials
    "192.0.0.192/32",  # a cloud's metadata
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "fd00:c1::a9fe:a9fe/128",  # a cloud's metadata
    "fd00:ec2::254/128",  # a cloud's metadata
    "fd20:ce::254/128",  # a cloud's metadata
    "fe80::/10",
    "ff00::/8",
)
_INTERNAL = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::1/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fec0::/10",
)
_NAT64 = _networks("64:ff9b::/96", "64:ff9b:1::/48")
_TRANSLATED = ipaddress.IPv6Network("::ffff:0:0:0/96")
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}
_LOW_32 = 0xFFFF_FFFF


def forms_of(address: Address) -> frozenset[Address]:
    """Return ``address`` and every IPv4 address that it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return frozenset({address})
    inner: set[Address] = {address}
    inner |= {form for form in (address.ipv4_mapped, address.sixtofour) if form is not None}
    inner |= set(address.teredo or ())
    if _carries_last(address):
        inner.add(ipaddress.IPv4Address(int(address) & _LOW_32))
    return frozenset(inner)


def _carries_last(address: ipaddress.IPv6Address) -> bool:
    """Return whether the last 32 bits of ``address`` are an IPv4 address."""
    number = int(address)
    return (
        any(address in network for network in _NAT64)
        or address in _TRANSLATED
        or (number >> 32) & _LOW_32 in _ISATAP
        or (number >> 32 == 0 and number > 1)
    )


def reach_of(address: Address) -> Reach:
    """Return where ``address`` leads, whatever form it is wrapped in."""
    found = {_reach_alone(form) for form in forms_of(address)}
    return next(reach for reach in (Reach.NEVER, Reach.INTERNAL, Reach.PUBLIC) if reach in found)


def is_allowed(address: Address, *, internal: bool, allowed: Sequence[Network] = ()) -> bool:
    """Return whether a request may connect to ``address``.

    Args:
        address: A resolved address.
        internal: Whether the one who set the target may reach internal networks.
        allowed: Internal networks that everybody's targets may reach.
    """
    reach = reach_of(address)
    if reach is not Reach.INTERNAL or internal:
        return reach is not Reach.NEVER
    return all(
        _is_in(form, allowed) for form in forms_of(address) if _reach_alone(form) is Reach.INTERNAL
    )


def _reach_alone(address: Address) -> Reach:
    """Return where ``address`` leads if it is taken for what it says."""
    if _is_in(address, _NEVER):
        return Reach.NEVER
    return Reach.INTERNAL if _is_in(address, _INTERNAL) else Reach.PUBLIC


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
