"""Jobs of identity."""

import datetime as dt

from django.core.management import call_command

from watchkeeper.identity import usecases
from watchkeeper.plumbing.jobs import Job


def forget(now: dt.datetime) -> None:
    """Remove ended sessions and links, and wrong tries that no longer count."""
    usecases.forget_links(before=now - dt.timedelta(days=30))
    usecases.forget_old_tries(before=now - dt.timedelta(days=2))
    usecases.forget_limits(before=now - dt.timedelta(days=30))
    usecases.forget_sessions(now=now)
    call_command("clearsessions", verbosity=0)


JOBS = (Job("identity.forget", 3600, forget),)
