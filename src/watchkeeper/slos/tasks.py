"""Jobs of slos."""

import datetime as dt

from django.conf import settings

from watchkeeper.plumbing.jobs import Job
from watchkeeper.slos import usecases

_TICKER = usecases.Ticker()


def tick(now: dt.datetime) -> None:
    """Judge every SLO."""
    _TICKER.tick(now=now)


def forget_firings(now: dt.datetime) -> None:
    """Remove firings that ended long ago."""
    days = settings.WATCHKEEPER.firings_retention_days
    usecases.forget_firings(before=now - dt.timedelta(days=days))


def follow_owners(now: dt.datetime) -> None:
    """Hand SLIs over where the news of a service's new owner was lost."""
    usecases.follow_owners(now=now)


def follow_maintenance(now: dt.datetime) -> None:
    """Take out the minutes of maintenance."""
    usecases.follow_maintenance(now=now)


JOBS = (
    Job("slos.follow_maintenance", 60, follow_maintenance),
    Job("slos.tick", 60, tick),
    Job("slos.follow_owners", 60, follow_owners),
    Job("slos.forget_firings", 86_400, forget_firings),
)
