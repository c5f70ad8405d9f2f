"""What has to be done outside because of a post: due work, put with the post itself."""

import datetime as dt

from watchkeeper.alerts.ports import Errand
from watchkeeper.plumbing import due_work


def put(errand: Errand, *, integration_id: int, now: dt.datetime) -> None:
    """Let an errand be run, if the caller's transaction commits; it holds who asked, and when."""
    payload = {**errand.payload, "integration": integration_id, "asked": now.timestamp()}
    due_work.put(kind=errand.kind, key=errand.key, due_ms=due_work.database_ms(), payload=payload)
