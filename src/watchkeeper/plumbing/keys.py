"""The one key, and the keys made from it.

The key file holds 32 random bytes in base64, mode 600, beside the data or where
``WATCHKEEPER_SECRET_KEY_FILE`` says; never in the database nor in a backup. Every use derives
its own key by HKDF, so that a leaked one opens nothing else.

The first line is the installation's key: it stays. Further lines are newer keys that secrets are
sealed with: the last one seals, every one opens.
"""

import base64
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from watchkeeper.kernel.errors import InvalidError

_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of an installation.

    Attributes:
        root: The first: what tokens, sessions and the audit chain hang on.
        newer: Those that secrets are sealed with since; empty: with the first.
    """

    root: bytes
    newer: tuple[bytes, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file.

        Raises:
            InvalidError: it cannot be read or does not hold a key.
        """
        try:
            lines = path.read_text().split() or [""]
            found = [base64.b64decode(line, validate=True) for line in lines]
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InvalidError(f"The key file {path} cannot be read: {error}") from error
        for key in found:
            if len(key) != _LENGTH:
                raise InvalidError(f"The key file {path} holds {len(key)} bytes, not {_LENGTH}")
        return cls(found[0], tuple(found[1:]))

    @classmethod
    def add(cls, path: Path) -> Self:
        """Write one more key to the file; secrets are sealed with it from then on.

        The file is replaced as a whole: whoever reads it meanwhile sees the old or the new one.

        Raises:
            InvalidError: it cannot be read or written.
        """
        cls.load(path)
        fresh = path.with_name(f"{path.name}.new")
        try:
            lines = path.read_text().split()
            lines.append(base64.b64encode(secrets.token_bytes(_LENGTH)).decode())
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("\n".join(lines) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            message = f"The key file {path} cannot be written: {error.strerror}"
            raise InvalidError(message) from error
        return cls.load(path)

    def sealing(self) -> Self:
        """Return the newest key alone: what is sealed is sealed with it."""
        return type(self)(self.newer[-1]) if self.newer else self

    def opening(self, fingerprint: str) -> Self | None:
        """Return the key of that fingerprint alone; ``None`` if it is not here."""
        for key in (self.root, *self.newer):
            one = type(self)(key)
            if one.fingerprint() == fingerprint:
                return one
        return None

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
        return _derived(self.root, purpose)

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell one key from another and reveal neither."""
        return self.derive("fingerprint")[:8].hex()


@lru_cache(maxsize=256)
def _derived(root: bytes, purpose: str) -> bytes:
    """Return what each request asks for again: it is the same for ever."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=_LENGTH, salt=None, info=purpose.encode())
    return kdf.derive(root)
