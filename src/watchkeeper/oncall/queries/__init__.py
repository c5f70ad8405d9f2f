"""What may be read of who is on call."""

from watchkeeper.oncall.queries.coverage import COVERAGE_DAYS, CoverageFinding, coverage_findings
from watchkeeper.oncall.queries.duties import Duty, Paged, duties
from watchkeeper.oncall.queries.escalations import (
    PolicyNotFoundError,
    PolicyRow,
    Story,
    Subject,
    UnheardRow,
    document_for,
    policy_row,
    policy_rows,
    story,
    unheard,
    unknown_targets,
)
from watchkeeper.oncall.queries.fates import EscalationFate, fates
from watchkeeper.oncall.queries.feeds import (
    FeedNotFoundError,
    FeedRow,
    calendar_of,
    feed_rows,
)
from watchkeeper.oncall.queries.previews import Preview, preview, preview_of
from watchkeeper.oncall.queries.rooms import rooms_of
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
from watchkeeper.oncall.queries.unanswered import concerns

__all__ = [
    "COVERAGE_DAYS",
    "LAST",
    "CoverageFinding",
    "Duty",
    "EscalationFate",
    "FeedNotFoundError",
    "FeedRow",
    "OnCall",
    "OverrideNotFoundError",
    "OverrideRow",
    "Paged",
    "PolicyNotFoundError",
    "PolicyRow",
    "Preview",
    "ScheduleNotFoundError",
    "ScheduleRow",
    "Story",
    "Subject",
    "UnheardRow",
    "calendar_of",
    "concerns",
    "coverage_findings",
    "document_for",
    "document_of",
    "documents",
    "duties",
    "entries",
    "fates",
    "feed_rows",
    "forget",
    "layer_entries",
    "on_call",
    "on_call_in",
    "override_row",
    "override_rows",
    "policy_row",
    "policy_rows",
    "preview",
    "preview_of",
    "rooms_of",
    "schedule_row",
    "schedule_rows",
    "story",
    "unheard",
    "unknown_people",
    "unknown_targets",
]
