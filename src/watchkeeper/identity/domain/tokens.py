"""What tokens and one-time links look like. Source: reliability.md S12; CRC-32 as checksum."""

import binascii
import re
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing looks alike
_PREFIX = "wk_"
_BYTES = 20
_LENGTH = 32
_CHECKSUM = 4
_SHAPE = re.compile(rf"wk_[a-z][{_ALPHABET}]{{{_LENGTH + _CHECKSUM}}}\Z")

API = "a"
LINK = "l"
CALENDAR = "c"


def new(kind: str) -> str:
    """Return a new secret: ``wk_``, a letter for its kind, 160 random bits, a checksum."""
    number = int.from_bytes(secrets.token_bytes(_BYTES), "big")
    body = kind + _encoded(number, _LENGTH)
    return f"{_PREFIX}{body}{_checksum(body)}"


def is_shaped(text: str) -> bool:
    """Return whether ``text`` can be a secret of ours; a mistyped one cannot."""
    if not _SHAPE.match(text):
        return False
    body, checksum = text[len(_PREFIX) : -_CHECKSUM], text[-_CHECKSUM:]
    return secrets.compare_digest(_checksum(body), checksum)


def hint(token: str) -> str:
    """Return the characters by which people tell tokens apart; they open nothing."""
    return token[:8]


def _checksum(body: str) -> str:
    return _encoded(binascii.crc32(body.encode()) & 0xFFFFF, _CHECKSUM)


def _encoded(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))
