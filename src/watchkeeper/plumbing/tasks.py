"""Jobs of the machinery itself."""

import datetime as dt

import structlog
from django.conf import settings

from watchkeeper.kernel.errors import DependencyError
from watchkeeper.plumbing import conditions, egress, idempotency, pulse
from watchkeeper.plumbing.egress import Trust
from watchkeeper.plumbing.jobs import Job

_HEARTBEAT_SECONDS = 60.0
_TIMEOUT_SECONDS = 5.0
_SUCCESS = range(200, 300)

logger = structlog.get_logger(__name__)


def forget_answers(now: dt.datetime) -> None:
    """Forget answers that nobody may ask for again."""
    idempotency.purge(now=now)


def heartbeat(now: dt.datetime) -> None:
    """Tell the outside that pages go out, as long as they do.

    The job itself proves that jobs run; the probes of the loops, that pages do. While anything
    stands in their way it stays silent, which is how a dead man's switch is told.

    Raises:
        DependencyError: the address did not take it; the job is tried again.
    """
    del now
    address = settings.WATCHKEEPER.heartbeat_url
    if not address:
        return
    wrong = conditions.in_the_way_of_pages(stall_ms=pulse.STALL_MS)
    if wrong:
        logger.warning("no heartbeat is sent", why=wrong[0].detail)
        return
    answer = egress.request("GET", address, trust=Trust.ADMIN, timeout_seconds=_TIMEOUT_SECONDS)
    if answer.status not in _SUCCESS:
        message = f"WATCHKEEPER_HEARTBEAT_URL answered {answer.status}"
        raise DependencyError(message, permanent=False)
    pulse.went_well(pulse.HEARTBEAT)


JOBS: tuple[Job, ...] = (
    Job("plumbing.heartbeat", _HEARTBEAT_SECONDS, heartbeat),
    Job("plumbing.forget_answers", 3600.0, forget_answers),
)
