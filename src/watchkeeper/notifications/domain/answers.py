"""What an HTTP answer of a provider means for a page."""

import datetime as dt
import email.utils
from http import HTTPStatus

from watchkeeper.notifications.domain.outcomes import Outcome, Result

_TEMPORARY = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


def result_of(
    status: int, *, text: str = "", retry_after: str = "", now: dt.datetime, who: str
) -> Result:
    """Return what an answer says: accepted, to be tried again, or refused for good.

    Args:
        status: HTTP status.
        text: The body, of which a little is kept for people.
        retry_after: The header of that name; empty: none.
        now: The present, for a header that holds a date.
        who: Whose answer it is.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Result(Outcome.ACCEPTED, f"{who} answered {status}")
    said = f": {text.strip()[:200]}" if text.strip() else ""
    detail = f"{who} answered {status}{said}"
    if status in _TEMPORARY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Result(Outcome.TEMPORARY, detail, seconds_of(retry_after, now=now))
    return Result(Outcome.PERMANENT, detail)


def seconds_of(retry_after: str, *, now: dt.datetime) -> float | None:
    """Return what ``Retry-After`` asks for, in seconds; ``None`` if it asks for nothing.

    Source: RFC 9110, section 10.2.3.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - now).total_seconds())
