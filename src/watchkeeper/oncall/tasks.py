"""The loop that steps escalations."""

import datetime as dt
import secrets

import structlog

from watchkeeper.oncall.usecases import escalations, notices, policies
from watchkeeper.plumbing import crash_points, due_work, redaction
from watchkeeper.plumbing.jobs import Job, Loop

logger = structlog.get_logger(__name__)
_OWNER = f"stepper-{secrets.token_hex(4)}"


def escalate(now: dt.datetime) -> bool:
    """Step the escalations that are due; true: there may be more.

    One that fails is stepped alone, so that it holds no other up, and is tried again later.
    """
    held = due_work.claim(
        kind=escalations.KIND,
        owner=_OWNER,
        limit=escalations.MOST_AT_ONCE,
        max_attempts=due_work.FOREVER,
    )
    if not held:
        return False
    crash_points.reach("escalation.claimed")
    try:
        escalations.step(held, now=now)
    except Exception:
        logger.exception("escalations failed together; each is stepped alone")
        for each in held:
            _step_alone(each, now)
    return True


def _step_alone(held: due_work.Claim, now: dt.datetime) -> None:
    try:
        escalations.step([held], now=now)
    except Exception as error:  # one escalation's fault must not stop the others
        logger.exception("escalation failed", escalation=held.key)
        told = redaction.cleaned(f"{type(error).__name__}: {error}")
        due_work.fail(held, error=told, forever=True)


def tell_of_shifts(now: dt.datetime) -> None:
    """Tell people whose shift begins or ends."""
    notices.tell_of_shifts(now=now)


def forget_notices(now: dt.datetime) -> None:
    """Let go of what was told long ago."""
    notices.forget_old(now=now)


def forget_rooms(now: dt.datetime) -> None:
    """Let go of rooms that no policy tells any more."""
    policies.forget_rooms(now=now)


JOBS = (
    Job("oncall.tell_of_shifts", 20, tell_of_shifts),
    Job("oncall.forget_notices", 3_600, forget_notices),
    Job("oncall.forget_rooms", 3_600, forget_rooms),
)
LOOPS = (Loop(escalations.LOOP, escalate, idle_seconds=0.1),)
