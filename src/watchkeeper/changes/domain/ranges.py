"""A stretch of time as somebody asks for it by a command: from, to, or for how long."""

import datetime as dt

from watchkeeper.kernel import lengths
from watchkeeper.kernel.errors import InvalidError


def asked(
    start: str | None, end: str | None, length: str | None, *, now: dt.datetime
) -> tuple[str, str]:
    """Return when it begins and ends, as the API takes it.

    Args:
        start: As it was written; ``None``: now.
        end: As it was written; ``None``: ``length`` tells.
        length: How long from now on, as ``2h``; ``None``: ``end`` tells.
        now: The present.

    Raises:
        InvalidError: neither or both tell the end, or ``length`` is none or does not begin now.
    """
    now = now.replace(microsecond=0)
    if (end is None) == (length is None):
        raise InvalidError("Say when it ends: --to TIME, or --for LENGTH")
    if end is not None:
        return start if start is not None else _written(now), end
    lasts = lengths.read(length)
    if lasts is None or start is not None:
        raise InvalidError("--for is a length from now on, as 90m, 2h or 1d; with --from use --to")
    return _written(now), _written(now + lasts)


def _written(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
