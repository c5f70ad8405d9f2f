"""Which network addresses an outgoing request may reach.

Python's ``is_private`` and ``is_global`` miss shared, translated and embedded addresses, so the
table is our own. Sources: IANA special-purpose address registries (RFC 6890), RFC 6052 (NAT64),
RFC 3056 (6to4), RFC 4380 (Teredo), RFC 4291 (mapped, compatible).
"""

import ipaddress
from collections.abc import Sequence
from enum import Enum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reach(Enum):
    """Where an address leads."""

    PUBLIC = "public"
    INTERNAL = "internal"
    NEVER = "never"


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_NEVER = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",  # link-local, where clouds keep their credentials
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "fe80::/10",
    "fd00:ec2::254/128",  # a cloud's metadata over IPv6
    "ff00::/8",
)
_INTERNAL = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "::1/128",
    "100::/64",
    "2001:db8::/32",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fec0::/10",
)
_NAT64 = _networks("64:ff9b::/96", "64:ff9b:1::/48")
_LOW_32 = 0xFFFF_FFFF


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that ``address`` carries inside, or ``address`` itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    number = int(address)
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(number & _LOW_32)
    if number >> 32 == 0 and number > 1:
        return ipaddress.IPv4Address(number & _LOW_32)
    return address


def reach_of(address: Address) -> Reach:
    """Return where ``address`` leads, whatever form it is wrapped in."""
    worst = Reach.PUBLIC
    for form in {address, unwrapped(address)}:
        if any(form in network for network in _NEVER if network.version == form.version):
            return Reach.NEVER
        if any(form in network for network in _INTERNAL if network.version == form.version):
            worst = Reach.INTERNAL
    return worst


def is_allowed(address: Address, *, internal: bool, allowed: Sequence[Network] = ()) -> bool:
    """Return whether a request may connect to ``address``.

    Args:
        address: A resolved address.
        internal: Whether the one who set the target may reach internal networks.
        allowed: Internal networks that everybody's targets may reach.
    """
    reach = reach_of(address)
    if reach is Reach.INTERNAL:
        inner = unwrapped(address)
        return internal or any(inner in net for net in allowed if net.version == inner.version)
    return reach is Reach.PUBLIC
