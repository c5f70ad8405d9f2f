"""What may be read of who is on call."""

from watchkeeper.oncall.queries.feeds import (
    FeedNotFoundError,
    FeedRow,
    calendar_of,
    feed_rows,
)
from watchkeeper.oncall.queries.schedules import (
    OverrideNotFoundError,
    OverrideRow,
    ScheduleNotFoundError,
    ScheduleRow,
    document_of,
    documents,
    override_row,
    override_rows,
    schedule_row,
    schedule_rows,
    unknown_people,
)
from watchkeeper.oncall.queries.standings import (
    LAST,
    OnCall,
    entries,
    forget,
    layer_entries,
    on_call,
    on_call_in,
)

__all__ = [
    "LAST",
    "FeedNotFoundError",
    "FeedRow",
    "OnCall",
    "OverrideNotFoundError",
    "OverrideRow",
    "ScheduleNotFoundError",
    "ScheduleRow",
    "calendar_of",
    "document_of",
    "documents",
    "entries",
    "feed_rows",
    "forget",
    "layer_entries",
    "on_call",
    "on_call_in",
    "override_row",
    "override_rows",
    "schedule_row",
    "schedule_rows",
    "unknown_people",
]
