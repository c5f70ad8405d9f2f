"""The one key, and the keys made from it.

The key file holds 32 random bytes in base64, mode 600, beside the data or where
``WATCHKEEPER_SECRET_KEY_FILE`` says; never in the database nor in a backup. Every use derives
its own key by HKDF, so that a leaked one opens nothing else.
"""

import base64
import binascii
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchkeeper.kernel.errors import InvalidError

_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """The root key of an installation."""

    root: bytes

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file.

        Raises:
            InvalidError: it cannot be read or does not hold a key.
        """
        try:
            root = base64.b64decode(path.read_text().strip(), validate=True)
        except (OSError, UnicodeDecodeError, binascii.Error) as error:
            raise InvalidError(f"The key file {path} cannot be read: {error}") from error
        if len(root) != _LENGTH:
            raise InvalidError(f"The key file {path} holds {len(root)} bytes, not {_LENGTH}")
        return cls(root)

    @classmethod
    def load_or_make(cls, path: Path) -> Self:
        """Read the key file, making it (mode 600) if there is none; safe against a race."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls.load(path)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_LENGTH)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return cls.load(path)

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for one ``purpose``; the same purpose always gives the same bytes.

        Source: RFC 5869 (HKDF) with SHA-256, no salt, ``purpose`` as info.
        """
        return HKDF(
            algorithm=hashes.SHA256(), length=_LENGTH, salt=None, info=purpose.encode()
        ).derive(self.root)

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell one key from another and reveal neither."""
        return self.derive("fingerprint")[:8].hex()
