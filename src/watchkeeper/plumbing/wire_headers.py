"""Headers of an outgoing request as they go on the wire."""

import re
from collections.abc import Mapping

from watchkeeper import __version__
from watchkeeper.kernel.errors import DependencyError

_NOT_ALLOWED = re.compile(r"[^\x20-\x7e\t]")
_OURS = {"host", "content-length", "accept-encoding", "connection", "transfer-encoding"}
_WITH_BODY = {"POST", "PUT", "PATCH"}


def of(
    given: Mapping[str, str], *, host: str, method: str, length: int
) -> list[tuple[bytes, bytes]]:
    """Return the headers to send: ours, and what was given of the others.

    Raises:
        DependencyError: one cannot be sent; the message never shows its value.
    """
    ours = {
        "Host": host,
        "Accept-Encoding": "gzip",
        "User-Agent": f"watchkeeper/{__version__}",
    }
    if length or method in _WITH_BODY:
        ours["Content-Length"] = str(length)
    others = {name: value for name, value in given.items() if name.lower() not in _OURS}
    known = {name.lower() for name in others}
    wire = {name: value for name, value in ours.items() if name.lower() not in known} | others
    for name, value in wire.items():
        if not name or _NOT_ALLOWED.search(name + value):
            message = f"The header {name!r} holds characters that HTTP does not allow"
            raise DependencyError(message, permanent=True)
    return [(name.encode(), value.strip().encode()) for name, value in wire.items()]
