"""Jobs of the log: the head to its second place, and retention."""

import datetime as dt

from django.conf import settings

from watchkeeper.audit import usecases
from watchkeeper.plumbing.jobs import Job


def copy_head(now: dt.datetime) -> None:
    """Copy the head to the file."""
    del now
    usecases.copy_head()


def forget(now: dt.datetime) -> None:
    """Remove what is older than the retention; 0 days keeps all."""
    days = settings.WATCHKEEPER.audit_retention_days
    if days:
        usecases.forget_before(now - dt.timedelta(days=days))


JOBS = (Job("audit.copy_head", 3600, copy_head), Job("audit.forget", 86_400, forget))
