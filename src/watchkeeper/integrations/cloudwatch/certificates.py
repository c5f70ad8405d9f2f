"""Certificates that Amazon SNS signs with: fetched from named hosts only, and remembered."""

import datetime as dt
import threading
from collections import OrderedDict
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings

from watchkeeper.integrations.cloudwatch.domain import envelope
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress
from watchkeeper.plumbing.egress import Trust

KEPT_SECONDS = 24 * 3_600.0
FAILED_SECONDS = 5.0
FETCH_SECONDS = 5.0
_MOST = 100
_MOST_BYTES = 64 * 1_024


class UnreachableError(DependencyError):
    """The certificate could not be fetched just now."""

    code = "certificate_unreachable"


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate's key, and when it may be used."""

    key: RSAPublicKey
    begins_at: dt.datetime
    ends_at: dt.datetime


_lock = threading.Lock()
_known: OrderedDict[str, tuple[float, Signer | DependencyError | InvalidError]] = OrderedDict()


def hosts() -> tuple[str, ...]:
    """Return the hosts that may be asked; see ``envelope.place_of``."""
    return tuple(settings.WATCHKEEPER.sns_cert_hosts)


def forget() -> None:
    """Fetch every certificate again."""
    with _lock:
        _known.clear()


def is_known(url: str) -> bool:
    """Return whether it is known what stands at ``url``, if only that nothing can be had now."""
    with _lock:
        held = _known.get(url)
    if held is None:
        return False
    length = KEPT_SECONDS if isinstance(held[1], Signer) else FAILED_SECONDS
    return clock.monotonic() - held[0] < length


def fetch(url: str) -> None:
    """Fetch the certificate at ``url`` and remember it, or why it cannot be had.

    The address is judged first; one that is not allowed is not asked, and not remembered.

    Raises:
        InvalidError: it leads to a host that the settings do not name.
    """
    place = envelope.place_of(url, hosts())
    try:
        found: Signer | DependencyError | InvalidError = _asked(place)
    except (DependencyError, InvalidError) as error:
        found = error
    with _lock:
        _known[url] = (clock.monotonic(), found)
        _known.move_to_end(url)
        while len(_known) > _MOST:
            _known.popitem(last=False)


def trust_of(place: envelope.Place) -> Trust:
    """Return whose address it is: an admin's only if the settings name this very host."""
    return Trust.ADMIN if place.is_exact else Trust.MEMBER


def _asked(place: envelope.Place) -> Signer:
    response = egress.request(
        "GET",
        place.url,
        trust=trust_of(place),
        timeout_seconds=FETCH_SECONDS,
        max_bytes=_MOST_BYTES,
    )
    if response.status != 200:
        raise DependencyError(
            f"{place.url[:120]} answered {response.status}", permanent=not response.is_server_fault
        )
    try:
        certificate = x509.load_pem_x509_certificate(response.body)
        key = certificate.public_key()
    except ValueError as error:
        raise InvalidError(f"What stands at {place.url[:120]} is no certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise InvalidError(f"The certificate at {place.url[:120]} has no RSA key")
    return Signer(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def signer(url: str, *, now: dt.datetime) -> Signer:
    """Return the certificate at ``url``, which was fetched before.

    Raises:
        InvalidError: its host is not named in the settings, or there is no certificate that is
            valid now.
        UnreachableError: it could not be fetched just now.
    """
    envelope.place_of(url, hosts())
    with _lock:
        held = _known.get(url)
    if held is None:
        raise UnreachableError("the certificate was not fetched yet", permanent=False)
    found = held[1]
    if isinstance(found, InvalidError):
        raise found
    if isinstance(found, DependencyError):
        message = f"The certificate cannot be fetched: {found.message}"
        if found.permanent:
            raise InvalidError(message) from found
        raise UnreachableError(message, permanent=False) from found
    if not found.begins_at <= now <= found.ends_at:
        ends = f"{found.begins_at:%FT%TZ} to {found.ends_at:%FT%TZ}"
        raise InvalidError(f"The certificate is valid from {ends}, not now")
    return found
