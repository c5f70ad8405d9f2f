"""Where addresses lead, in every form that one can be written or wrapped in."""

import ipaddress
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.kernel.addresses import Reach, is_allowed, reach_of

INTERNAL = (
    "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
)  # fmt: skip
NEVER = (
    "0.0.0.0", "0.1.2.3", "100.100.100.200", "168.63.129.16", "169.254.169.254", "169.254.0.1",
    "192.0.0.192", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
    "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255",
)  # fmt: skip
INTERNAL_6 = (
    "::1", "100::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "5f00::1",
    "fc00::1", "fd12:3456::1", "fec0::1", "64:ff9b:1::101:101",
)  # fmt: skip
NEVER_6 = (
    "::",
    "fe80::1",
    "febf::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
)
PUBLIC_6 = ("2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888")


def wrapped(text: str) -> Iterator[str]:
    """Yield every IPv6 form that carries the IPv4 address ``text``."""
    number = int(ipaddress.IPv4Address(text))
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    yield f"::ffff:{text}"  # mapped
    yield f"::ffff:0:{high}:{low}"  # translated
    yield f"64:ff9b::{high}:{low}"  # NAT64
    yield f"64:ff9b:1::{high}:{low}"  # NAT64, local
    yield f"2002:{high}:{low}::1"  # 6to4
    flipped = number ^ 0xFFFF_FFFF
    yield f"2001:0:4136:e378:8000:63bf:{flipped >> 16:x}:{flipped & 0xFFFF:x}"  # Teredo, client
    yield f"2001:0:{high}:{low}:8000:63bf:fefe:fefe"  # Teredo, server
    yield f"2a00:1450::5efe:{high}:{low}"  # ISATAP
    yield f"2a00:1450::200:5efe:{high}:{low}"  # ISATAP
    if number > 1:
        yield f"::{high}:{low}"  # compatible


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


@pytest.mark.parametrize("text", [*INTERNAL, *INTERNAL_6])
def test_internal_addresses_are_for_admins(text: str) -> None:
    assert reach_of(address(text)) is Reach.INTERNAL
    assert is_allowed(address(text), internal=True)
    assert not is_allowed(address(text), internal=False)


@pytest.mark.parametrize("text", [*NEVER, *NEVER_6])
def test_some_addresses_are_for_nobody(text: str) -> None:
    everything = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]

    assert reach_of(address(text)) is Reach.NEVER
    assert not is_allowed(address(text), internal=True, allowed=everything)


@pytest.mark.parametrize("text", [*PUBLIC, *PUBLIC_6])
def test_public_addresses_are_for_everybody(text: str) -> None:
    assert is_allowed(address(text), internal=False)


@pytest.mark.parametrize("text", INTERNAL)
def test_wrapping_makes_no_internal_address_public(text: str) -> None:
    for form in wrapped(text):
        assert not is_allowed(address(form), internal=False), form


@pytest.mark.parametrize("text", NEVER)
def test_wrapping_opens_no_address_that_is_for_nobody(text: str) -> None:
    for form in wrapped(text):
        if address(form) != address("::1"):
            assert not is_allowed(address(form), internal=True), form


def test_forms_that_pythons_own_table_misses() -> None:
    for text in ("64:ff9b::7f00:1", "::127.0.0.1", "224.0.0.1", "fec0::1", "2002:7f00:1::",
                 "100.64.0.1"):  # fmt: skip
        assert not is_allowed(address(text), internal=False), text


def test_listed_networks_are_for_everybody_in_every_form() -> None:
    allowed = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd12::/16")]

    for text in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd12::7"):
        assert is_allowed(address(text), internal=False, allowed=allowed), text
    for text in ("10.2.0.1", "::ffff:10.2.0.1", "fd13::7", "64:ff9b:1::a01:203", "127.0.0.1"):
        assert not is_allowed(address(text), internal=False, allowed=allowed), text


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_reaches_no_further_than_what_it_carries(
    inner: ipaddress.IPv4Address,
) -> None:
    for form in wrapped(str(inner)):
        if not is_allowed(inner, internal=False):
            assert not is_allowed(address(form), internal=False)


def spellings(text: str) -> Iterator[str]:
    """Yield spellings of an IPv4 address that resolvers take: decimal, octal, hex, short."""
    a, b, c, d = (int(part) for part in text.split("."))
    number = int(ipaddress.IPv4Address(text))
    yield str(number)
    yield hex(number)
    yield f"0{number:o}"
    yield f"{a}.{(b << 16) + (c << 8) + d}"
    yield f"{a}.{b}.{(c << 8) + d}"
    yield ".".join(hex(part) for part in (a, b, c, d))
    yield ".".join(f"0{part:o}" for part in (a, b, c, d))
    yield f"0x{a:x}.{b}.0{c:o}.{d}"
    yield f"{a:d}.0x{(b << 16) + (c << 8) + d:x}"


@pytest.mark.parametrize("text", [*INTERNAL, *NEVER])
def test_odd_spellings_are_judged_by_what_the_resolver_makes_of_them(text: str) -> None:
    for spelling in spellings(text):
        found = socket.inet_ntoa(socket.inet_aton(spelling))
        assert found == text
        assert not is_allowed(address(found), internal=False)
