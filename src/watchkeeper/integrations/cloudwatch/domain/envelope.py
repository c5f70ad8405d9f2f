"""What Amazon SNS posts, and whether it is from SNS.

Source: docs.aws.amazon.com/sns/latest/dg: sns-message-and-json-formats,
sns-verify-signature-of-message.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from watchkeeper.kernel.errors import InvalidError

NOTIFICATION = "Notification"
SUBSCRIBE = "SubscriptionConfirmation"
UNSUBSCRIBE = "UnsubscribeConfirmation"
_ASKING = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIBE: _ASKING,
    UNSUBSCRIBE: _ASKING,
}
_OPTIONAL = {"Subject"}
_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}
_LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message of SNS; nothing in it is true before its signature was verified."""

    type: str
    fields: Mapping[str, str]

    @property
    def topic(self) -> str:
        """The topic's ARN."""
        return self.fields["TopicArn"]

    @property
    def id(self) -> str:
        """What names this message, the same at each delivery."""
        return self.fields["MessageId"]

    @property
    def text(self) -> str:
        """What the topic was told."""
        return self.fields["Message"]

    @property
    def subscribe_url(self) -> str:
        """The address that confirms a subscription; empty in a notification."""
        return self.fields.get("SubscribeURL", "")

    @property
    def certificate_url(self) -> str:
        """The address of the certificate that it is said to be signed with."""
        return self.fields["SigningCertURL"]


def read(body: Any) -> Envelope:
    """Return the envelope that ``body`` is.

    Raises:
        InvalidError: it is none.
    """
    kind = body.get("Type") if isinstance(body, Mapping) else None
    if not isinstance(kind, str) or kind not in _SIGNED:
        raise InvalidError(
            "This is no message of Amazon SNS: it has no Type that SNS has; raw message delivery "
            "must be off, as raw messages are not signed"
        )
    wanted = {*_SIGNED[kind], "SignatureVersion", "Signature", "SigningCertURL"}
    fields = {}
    for name in sorted(wanted):
        value = body.get(name)
        if value is None and name in _OPTIONAL:
            continue
        if not isinstance(value, str):
            raise InvalidError(f"The message of Amazon SNS has no {name}")
        fields[name] = value
    return Envelope(kind, fields)


def signed_text(envelope: Envelope) -> bytes:
    """Return what SNS signed: a line with each name, a line with its value."""
    lines = [
        f"{name}\n{envelope.fields[name]}\n"
        for name in _SIGNED[envelope.type]
        if name in envelope.fields
    ]
    return "".join(lines).encode("utf-8", "replace")


def verify(envelope: Envelope, key: RSAPublicKey) -> None:
    """Return if ``envelope`` was signed with ``key``.

    Raises:
        InvalidError: it was not.
    """
    version = envelope.fields["SignatureVersion"]
    if version not in _HASHES:
        raise InvalidError(f"SignatureVersion is {version[:20]!r}, not 1 or 2")
    try:
        signature = base64.b64decode(envelope.fields["Signature"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("The Signature is not Base64") from error
    try:
        key.verify(signature, signed_text(envelope), padding.PKCS1v15(), _HASHES[version]())
    except InvalidSignature as error:
        raise InvalidError(
            "The Signature is not that of the certificate: the message is not from Amazon SNS, or "
            "was changed on its way"
        ) from error


@dataclass(frozen=True, slots=True)
class Place:
    """An address on a host that the settings name.

    Attributes:
        url: The address.
        is_exact: Whether the settings name this very host, not a pattern that it matches.
    """

    url: str
    is_exact: bool


def place_of(url: str, hosts: Iterable[str]) -> Place:
    """Return ``url`` if it leads to one of ``hosts``.

    Args:
        url: As a stranger wrote it.
        hosts: Names, with a port where it is not the usual one; ``*`` stands for one part between
            dots. Loopback may be asked at any port and without TLS.

    Raises:
        InvalidError: it leads elsewhere, is not https, or is no address.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise InvalidError(f"{url[:120]!r} is no address") from error
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise InvalidError(f"{url[:120]!r} can be read in two ways")
    is_near = host in _LOOPBACK
    if parts.scheme != "https" and not (is_near and parts.scheme == "http"):
        raise InvalidError(f"{url[:120]!r} is not an https address")
    named = host if port in {None, 443} or is_near else f"{host}:{port}"
    wanted = [_without_port(each) if is_near else each.strip().lower() for each in hosts]
    if named in wanted:
        return Place(url, is_exact=True)
    if any(_pattern(each).fullmatch(named) for each in wanted if "*" in each):
        return Place(url, is_exact=False)
    raise InvalidError(f"{host[:100]!r} is not a host that WATCHKEEPER_SNS_CERT_HOSTS names")


def _without_port(host: str) -> str:
    return host.strip().lower().rpartition(":")[0] or host.strip().lower()


def _pattern(host: str) -> re.Pattern[str]:
    return re.compile("[a-z0-9-]+".join(re.escape(part) for part in host.split("*")))
