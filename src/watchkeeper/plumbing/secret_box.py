"""Secrets at rest: sealed with the installation's key, opened only where they are used.

AES-256-GCM under a key derived from the key file; the key's fingerprint stands in front, so that
a secret sealed with another key says so; the context is authenticated, so that one secret cannot
be put in another's place.
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.plumbing import redaction
from watchkeeper.plumbing.keys import Keyring
from watchkeeper.plumbing.models import Fixed

SEALED_WITH = "secrets sealed with key"
_keepers: list[Callable[[], int]] = []
_NONCE = 12
_LONGEST_FILE = 65_536
_REFERENCE = re.compile(r"\$\{(env|file):([^}]+)\}")


def seal(plain: str, *, context: str) -> str:
    """Encrypt ``plain`` (AES-256-GCM) so that it opens only in the same ``context``.

    Raises:
        InvalidError: there is no key file (nothing is ever stored in clear), or ``plain`` is not
            valid Unicode.
    """
    try:
        raw = plain.encode()
    except UnicodeEncodeError as error:
        raise InvalidError("A secret must be valid Unicode") from error
    redaction.remember(plain)
    return seal_bytes(raw, context=context)


def open_sealed(sealed: str, *, context: str) -> str:
    """Return what :func:`seal` was given.

    Raises:
        InvalidError: the key is another one, or the text or its context was changed.
    """
    plain = open_bytes(sealed, context=context).decode()
    redaction.remember(plain)
    return plain


def seal_bytes(plain: bytes, *, context: str) -> str:
    """Encrypt ``plain`` as :func:`seal` does; for what holds secrets among other things.

    Raises:
        InvalidError: there is no key file.
    """
    ring = _ring().sealing()
    nonce = secrets.token_bytes(_NONCE)
    box = AESGCM(ring.derive("secrets")).encrypt(nonce, plain, context.encode())
    return f"wk1.{ring.fingerprint()}.{base64.urlsafe_b64encode(nonce + box).decode()}"


def open_bytes(sealed: str, *, context: str) -> bytes:
    """Return what :func:`seal_bytes` was given.

    Raises:
        InvalidError: the key is another one, or the text or its context was changed.
    """
    version, _, rest = sealed.partition(".")
    fingerprint, _, body = rest.partition(".")
    ring = _ring().opening(fingerprint) if version == "wk1" else None
    if ring is None:
        raise InvalidError("A stored secret was sealed with another key; restore that key file")
    try:
        raw = base64.urlsafe_b64decode(body)
        return AESGCM(ring.derive("secrets")).decrypt(raw[:_NONCE], raw[_NONCE:], context.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise InvalidError("A stored secret cannot be opened: it was changed") from error


def resealed(sealed: str, *, context: str) -> str:
    """Return a secret sealed with the newest key; one that is stays as it is.

    Raises:
        InvalidError: its key is not here, or the text or its context was changed.
    """
    if sealed.startswith(f"wk1.{_ring().sealing().fingerprint()}."):
        return sealed
    return seal_bytes(open_bytes(sealed, context=context), context=context)


def register_keeper(reseal: Callable[[], int]) -> None:
    """Let a slice that stores sealed secrets seal them anew when :func:`reseal_all` asks.

    Args:
        reseal: Seals all of the slice's secrets anew and returns how many changed.
    """
    if reseal not in _keepers:
        _keepers.append(reseal)


@transaction.atomic
def reseal_all() -> int:
    """Seal every stored secret with the newest key; return how many changed.

    Raises:
        InvalidError: one cannot be opened; nothing was changed then.
    """
    changed = sum(reseal() for reseal in _keepers)
    fingerprint = _ring().sealing().fingerprint()
    Fixed.objects.update_or_create(name=SEALED_WITH, defaults={"value": fingerprint})
    return changed


def is_reference(value: str) -> bool:
    """Return whether ``value`` names a secret kept elsewhere instead of holding it."""
    return _REFERENCE.fullmatch(value.strip()) is not None


def resolve(value: str) -> str:
    """Put in what ``${env:NAME}`` and ``${file:PATH}`` name; other text stays as it is.

    Raises:
        InvalidError: the variable is not set or a setting of ours, or the file cannot be read or
            is our key file.
    """
    return _REFERENCE.sub(lambda match: _named(match[1], match[2]), value)


def check_references(value: object, *, any_file: bool = False) -> None:
    """Return if every file and variable that ``value`` names may be named; they need not be there.

    Args:
        value: Text, or lists and mappings of it to any depth.
        any_file: Whether files outside the folders for secrets may be named: by those who could
            read them anyway, as the person at the machine's own command line.

    Raises:
        InvalidError: a file lies outside the folders for secrets, or is the key file, or a
            variable is a setting of Watchkeeper's own.
    """
    for text in _texts(value):
        for match in _REFERENCE.finditer(text):
            if match[1] == "env":
                _check_variable(match[2])
            elif not any_file:
                _check_place(match[2])
            else:
                _place_of(match[2])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _check_variable(name: str) -> None:
    if settings.WATCHKEEPER.owns(name):
        raise InvalidError(f"{name} is a setting of Watchkeeper's own and is not given away")


def _place_of(name: str) -> Path:
    """Return the file that ``name`` means, links followed; relative to the first folder."""
    try:
        path = (settings.WATCHKEEPER.secret_places[0] / name).resolve()
        own = Path(settings.WATCHKEEPER_KEY_FILE).resolve()
    except (OSError, ValueError) as error:
        raise InvalidError(f"The secret file {name!r} cannot be read: {error}") from error
    if path == own:
        raise InvalidError(f"{name} is Watchkeeper's own key file and is not given away")
    return path


def _check_place(name: str) -> None:
    """Return if the file lies where a source may name files, whoever saves the source.

    A source sends what it names to a server: the process may read files that are nobody else's.
    """
    path, folders = _place_of(name), settings.WATCHKEEPER.secret_places
    if not any(path.is_relative_to(folder.resolve()) for folder in folders):
        listed = ", ".join(map(str, folders))
        raise InvalidError(
            f"The secret file {name} is not below {listed}; put it there, or list its folder in "
            "WATCHKEEPER_SECRET_FOLDERS"
        )


def _named(kind: str, name: str) -> str:
    if kind == "env":
        _check_variable(name)
        if name not in os.environ:
            raise InvalidError(f"The environment variable {name} is not set")
        secret = os.environ[name]
    else:
        secret = _from_file(name)
    redaction.remember(secret)
    return secret


def _from_file(name: str) -> str:
    """Return what the file holds, without the line's end; never our own key."""
    path = _place_of(name)
    try:
        if not path.is_file():
            raise InvalidError(f"The secret file {name} cannot be read: it is not a file")
        if path.stat().st_size > _LONGEST_FILE:
            raise InvalidError(f"The secret file {name} is longer than {_LONGEST_FILE} bytes")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise InvalidError(f"The secret file {name} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InvalidError(f"The secret file {name!r} cannot be read: not UTF-8 text") from error


def _ring() -> Keyring:
    path = Path(settings.WATCHKEEPER_KEY_FILE)
    if not path.exists():
        raise InvalidError(f"There is no key file {path}; secrets cannot be kept")
    return Keyring.load(path)
