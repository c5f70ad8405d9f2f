"""Jobs of the machinery itself."""

import datetime as dt

from watchkeeper.plumbing import idempotency
from watchkeeper.plumbing.jobs import Job


def forget_answers(now: dt.datetime) -> None:
    """Forget answers that nobody may ask for again."""
    idempotency.purge(now=now)


JOBS: tuple[Job, ...] = (Job("plumbing.forget_answers", 3600.0, forget_answers),)
