"""Keeps secrets out of what is written for people: known values in every form, and by name.

Whatever opens a secret tells it to :func:`remember`; the sinks (logs, stored errors) pass their
text through :func:`cleaned`. Source: reliability.md S26.
"""

import base64
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[secret]"
_SHORTEST = 6
_PREFIX = 8
_MOST = 500
_NAMES = re.compile(
    r"pass(word|wd|phrase)?\Z|secret|token|authorization|cookie|credential|api_?key|private_?key",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\bwk_[A-Za-z0-9]+_?[A-Za-z0-9]{16,}")
_BEARER = re.compile(r"\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]*(?=@)")

_lock = threading.Lock()
_known: OrderedDict[str, tuple[str, ...]] = OrderedDict()


def remember(secret: str) -> None:
    """Mask ``secret`` from now on, in all its forms; very short ones would mask plain words."""
    if len(secret) < _SHORTEST:
        return
    with _lock:
        if secret not in _known:
            _known[secret] = tuple(set(_forms(secret)))
        _known.move_to_end(secret)
        while len(_known) > _MOST:
            _known.popitem(last=False)


def forget() -> None:
    """Forget all secrets; for tests."""
    with _lock:
        _known.clear()


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode(errors="surrogatepass")
    yield secret
    yield quote(secret, safe="", errors="replace")
    yield quote_plus(secret, errors="replace")
    yield json.dumps(secret)[1:-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield base64.b64encode(raw).decode().rstrip("=")
    yield base64.urlsafe_b64encode(raw).decode().rstrip("=")


def cleaned(text: str) -> str:
    """Return ``text`` without known secrets, tokens and credentials in addresses."""
    with _lock:
        forms = sorted((f for found in _known.values() for f in found), key=len, reverse=True)
    for form in forms:  # whole ones first, so that no beginning of one leaves its end behind
        text = text.replace(form, MASK)
    for form in forms:
        if form[:_PREFIX] in text:
            text = _without(text, form)
    text = _TOKEN.sub(MASK, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _USER_INFO.sub(MASK, text)


def _without(text: str, form: str) -> str:
    """Mask ``form`` and every beginning of it that is at least eight characters long."""
    head = form[:_PREFIX]
    parts: list[str] = []
    place = 0
    while (found := text.find(head, place)) >= 0:
        end = found + len(head)
        while end < len(text) and end - found < len(form) and text[end] == form[end - found]:
            end += 1
        parts += [text[place:found], MASK]
        place = end
    return "".join(parts) + text[place:]


def cleaned_value(value: Any, *, name: str = "") -> Any:
    """Return ``value`` with every text in it cleaned, and masked whole where its name says so."""
    if name and _NAMES.search(name) and value not in (None, "", True, False):
        return MASK
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, Mapping):
        return {key: cleaned_value(inner, name=str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned_value(inner) for inner in value]
    return value
