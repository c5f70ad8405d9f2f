"""Whose key it is: by a keyed hash, remembered for a moment."""

import datetime as dt
import hashlib
import hmac
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from watchkeeper.alerts.models import Integration, IntegrationKey
from watchkeeper.kernel import clock
from watchkeeper.plumbing import strict_json
from watchkeeper.plumbing.keys import Keyring

REMEMBERED_SECONDS = 1.0
_MOST = 10_000
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Sender:
    """An integration, as the intake needs it; ``id`` is 0 once it was removed."""

    id: int
    name: str
    kind: str
    scope: str
    service: str
    settings: Mapping[str, Any]


_lock = threading.Lock()
_seen: OrderedDict[str, tuple[float, Sender | None]] = OrderedDict()


@cache
def _hash_key(path: Path) -> bytes:
    return Keyring.load(path).derive("integrations")


def hash_of(key: str) -> str:
    """Return the keyed hash under which an integration's key is kept."""
    secret = _hash_key(Path(settings.WATCHKEEPER_KEY_FILE))
    return hmac.new(secret, key.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def sender_of(key: str, *, kind: str, now: dt.datetime) -> Sender | None:
    """Return the integration of ``kind`` that ``key`` opens the door for; ``None``: none."""
    if not key or len(key) > LONGEST:
        return None
    digest = hash_of(key)
    moment = clock.monotonic()
    with _lock:
        at, found = _seen.get(digest, (0.0, None))
    if not at or moment - at >= REMEMBERED_SECONDS:
        found = _asked(digest, now=now)
        with _lock:
            _seen[digest] = (moment, found)
            _seen.move_to_end(digest)
            while len(_seen) > _MOST:
                _seen.popitem(last=False)
    return found if found is not None and found.kind == kind else None


def forwarded(to: tuple[str, str], *, by: Sender) -> Sender | None:
    """Return the integration of a kind and name that another one's key may speak for.

    Returns:
        ``None`` where there is none, or it is another service's than the one of ``by``; the key
        of an integration without a service speaks for all.
    """
    if not strict_json.is_storable(to[1]):
        return None
    row = Integration.objects.filter(kind=to[0], name=to[1]).first()
    if row is None or by.service not in {"", row.service_name}:
        return None
    return sender(row)


def forget() -> None:
    """Ask the database again for every key."""
    with _lock:
        _seen.clear()


def _asked(digest: str, *, now: dt.datetime) -> Sender | None:
    row = IntegrationKey.objects.select_related("integration").filter(hash=digest).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return sender(row.integration)


def sender(row: Integration) -> Sender:
    """Return an integration as the intake needs it."""
    return Sender(row.pk, row.name, row.kind, row.scope, row.service_name, row.settings)
