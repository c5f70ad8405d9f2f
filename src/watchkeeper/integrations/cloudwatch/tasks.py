"""Jobs of CloudWatch's door."""

import datetime as dt

from watchkeeper.integrations.cloudwatch import confirming
from watchkeeper.plumbing.jobs import Job


def confirm_subscriptions(now: dt.datetime) -> None:
    """Confirm what is due."""
    while confirming.confirm_one(now=now):
        pass


JOBS = (Job("cloudwatch.confirm_subscriptions", 2, confirm_subscriptions),)
