"""JSON from strangers: bounded, and holding only what every database can keep.

Source: reliability.md S21 and F22. PostgreSQL takes no NUL in text, and no database half a
surrogate pair; JSON's escapes can spell both.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from watchkeeper.kernel.errors import InvalidError

MAX_DEPTH = 64
MAX_DIGITS = 64
_UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


def is_storable(text: str) -> bool:
    """Return whether every database can keep ``text``."""
    return _UNSTORABLE.search(text) is None


def read(body: bytes) -> Any:
    """Return ``body`` as JSON values.

    Raises:
        InvalidError: it is not JSON in UTF-8, is nested more than 64 deep, or holds numbers of
            more than 64 digits, numbers that are not finite, NUL characters or half surrogates.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_constant,
        )
        _check(value, texts=b"\\u" in body)
    except UnicodeDecodeError as error:
        raise InvalidError("The body is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        raise InvalidError(message) from error
    except RecursionError as error:
        raise InvalidError(f"The body is nested more than {MAX_DEPTH} deep") from error
    except ValueError as error:
        raise InvalidError(f"The body cannot be taken: {error}") from error
    return value


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number of more than {MAX_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if len(text) > MAX_DIGITS or not math.isfinite(value):
        raise ValueError(f"a number that is not finite or of more than {MAX_DIGITS} digits")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, *, texts: bool) -> None:
    """Refuse what is too deep; and texts that no database can keep, where escapes hide them."""
    level = [value]
    for depth in range(MAX_DEPTH + 1):
        if not level:
            return
        if texts and not all(is_storable(item) for item in level if isinstance(item, str)):
            raise ValueError("a text with a NUL character or half a character")
        if depth == MAX_DEPTH and any(isinstance(item, dict | list) for item in level):
            raise RecursionError
        level = [inner for item in level for inner in _inside(item)]


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.values(), *value]
    return value if isinstance(value, list) else ()
