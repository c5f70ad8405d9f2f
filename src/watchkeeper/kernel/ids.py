"""Names of things and numbers of requests."""

import re
import secrets

from watchkeeper.kernel.errors import InvalidError

NAME_LENGTH = 253
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")


def check_name(name: object, *, what: str) -> str:
    """Return ``name`` if it can name a thing in YAML, addresses and commands.

    Letters, digits, ``-``, ``_`` and ``.``; begins and ends with a letter or digit; at most 253
    characters (the set of Kubernetes, OpenSLO and Backstage names together).

    Raises:
        InvalidError: it is not such a name; the sentence begins with ``what``.
    """
    if not isinstance(name, str) or not name:
        raise InvalidError(f"{what} needs a name")
    if len(name) > NAME_LENGTH or not _NAME.match(name):
        raise InvalidError(
            f"{what} cannot be named {name[:80]!r}: use letters, digits, '-', '_' and '.', "
            f"beginning and ending with a letter or digit, at most {NAME_LENGTH} characters"
        )
    return name


def new_request_id() -> str:
    """Return an id for one request: 96 random bits in lower-case hex."""
    return secrets.token_hex(12)
