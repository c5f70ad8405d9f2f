"""The way out for mail: one message, to one server, within a bound of time.

reliability.md S15, S32: the server's addresses are judged and the connection goes to one that was;
TLS is required, with a certificate that is the name's, except on loopback or with ``tls=none``.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

import httpcore

from watchkeeper.kernel.errors import DependencyError, InvalidError
from watchkeeper.plumbing import egress, metrics, redaction

CONNECT_SECONDS = 2.0
TIMEOUT_SECONDS = 8.0
_PORTS = {"smtp": 587, "smtps": 465}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_FIRST_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over.

    Attributes:
        host: Its name.
        port: Its port.
        is_implicit: Whether TLS begins with the connection.
        needs_tls: Whether mail is refused where it would go in clear.
        user: Name to sign in with; empty: without signing in.
        password: Password for it.
    """

    host: str
    port: int
    is_implicit: bool
    needs_tls: bool
    user: str = ""
    password: str = field(default="", repr=False)


def server_of(url: str) -> MailServer:
    """Return the server that ``smtp://user:password@host:587`` or ``smtps://…`` names.

    Raises:
        InvalidError: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise InvalidError("WATCHKEEPER_SMTP_URL is not an address") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InvalidError("WATCHKEEPER_SMTP_URL is smtp://host:587 or smtps://host:465")
    password = unquote(parts.password or "")
    redaction.remember(password)
    in_clear = parse_qs(parts.query).get("tls") == ["none"] or parts.hostname in _LOOPBACK
    return MailServer(
        host=parts.hostname,
        port=port,
        is_implicit=parts.scheme == "smtps",
        needs_tls=not in_clear,
        user=unquote(parts.username or ""),
        password=password,
    )


def send(message: EmailMessage, *, server: MailServer) -> None:
    """Hand over one message to one recipient; return when the server took it.

    Args:
        message: With From, To, Subject and Message-ID.
        server: Where; an admin's setting, so it may be internal.

    Raises:
        DependencyError: it was not taken; ``permanent`` where the same message would be refused
            again.
    """
    try:
        connection = _connected(server)
        try:
            connection.send_message(message)
        finally:
            _leave(connection)
    except smtplib.SMTPResponseException as error:
        raise _refused(server, error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refused(server, code, said) from error
    except ssl.SSLCertVerificationError as error:
        message_text = f"{server.host} has a certificate that is not trusted"
        raise _failed(message_text, is_permanent=True) from error
    except (
        smtplib.SMTPException,
        OSError,
        httpcore.ConnectError,
        httpcore.ConnectTimeout,
    ) as error:
        raise _failed(f"{server.host} broke off: {error}") from error
    metrics.EGRESS.labels("answered").inc()


def _leave(connection: smtplib.SMTP) -> None:
    """Say good-bye; what is said to that changes nothing about what was taken."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        connection.quit()
    connection.close()


def _refused(server: MailServer, code: int, said: bytes | str) -> DependencyError:
    text = said.decode("utf-8", errors="replace") if isinstance(said, bytes) else said
    message = f"{server.host} answered {code} {' '.join(text.split())[:200]}"
    return _failed(message, is_permanent=code >= _FIRST_PERMANENT)


def _failed(message: str, *, is_permanent: bool = False) -> DependencyError:
    metrics.EGRESS.labels("refused" if is_permanent else "failed").inc()
    return DependencyError(redaction.cleaned(message), permanent=is_permanent)


class _Connection(smtplib.SMTP):
    """A connection to a judged address that is over in time, however slowly the server drips."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._timer: threading.Timer | None = None
        super().__init__(server.host, server.port, timeout=TIMEOUT_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect as the base class does, to an address that was judged, with TLS if so asked."""
        found = egress.judged(host, port, egress.Trust.ADMIN)
        made = socket.create_connection((found[0], port), CONNECT_SECONDS)
        made.settimeout(timeout)
        self._timer = threading.Timer(TIMEOUT_SECONDS, self._cut)
        self._timer.daemon = True
        self._timer.start()
        if not self._server.is_implicit:
            return made
        context = ssl.create_default_context()
        return context.wrap_socket(made, server_hostname=self._server.host)

    def _cut(self) -> None:
        """End the connection under whoever waits for it."""
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close, and let the watch over the time go."""
        if self._timer is not None:
            self._timer.cancel()
        super().close()


def _refuse_clear(server: MailServer) -> NoReturn:
    message = f"{server.host} offers no encryption; nothing is sent in clear to it"
    raise _failed(message, is_permanent=True)


def _connected(server: MailServer) -> smtplib.SMTP:
    """Return a connection that is encrypted and signed in as the server asks for."""
    connection = _Connection(server)
    try:
        connection.ehlo()
        if not server.is_implicit and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif not server.is_implicit and server.needs_tls:
            _refuse_clear(server)
        if server.user:
            connection.login(server.user, server.password)
    except BaseException:
        connection.close()
        raise
    return connection
