"""The JSON of SLOs."""

import datetime as dt
from typing import Any

from ninja import Schema
from pydantic import Field


class RuleOut(Schema):
    """One burn rule: its lookbacks, their rates, and what it says."""

    name: str
    severity: str
    factor: float
    long: str
    short: str
    long_rate: float | None
    short_rate: float | None
    state: str = Field(description="burning, clear, or unknown.")
    is_open: bool = Field(description="Whether its firing is open.")
    budget_spent: float | None
    exhausted_in_seconds: float | None
    more_failures: int | None


class FindingOut(Schema):
    """What is to be known of the burn rules: left out, unknown, or fired by one failure."""

    kind: str = Field(
        description="rule_left_out, alert_condition, no_rules, rate_unknown or low_traffic."
    )
    detail: str


class StatusOut(Schema):
    """Where one objective stands over one window; unknown is null."""

    name: str
    service: str
    objective: float
    objective_name: str
    window: str
    sli: float | None
    budget_remaining: float | None
    budget_remaining_projected: float | None
    burn_rates: dict[str, float | None]
    status: str
    words: str
    severity: str | None
    coverage: float | None
    good: int | float
    total: int | float
    method: str
    definition_changed_at: str | None
    definition_version: int
    exhausted_in_seconds: float | None
    as_of: str
    rules: list[RuleOut]
    findings: list[FindingOut]


class StateOut(Schema):
    """Where one objective stands over one window, as of the newest tick."""

    objective: float
    window: str
    status: str
    words: str
    sli: float | None
    good: float
    total: float
    budget_remaining: float | None
    budget_remaining_projected: float | None
    burn_rates: dict[str, float | None]
    unknown_rules: int = Field(description="Burn rules of which it is unknown whether they burn.")
    coverage: float | None
    as_of: dt.datetime


class SloOut(Schema):
    """An SLO with where it stands."""

    name: str
    title: str
    service: str
    owner: str | None
    tier: int | None
    origin: str
    states: list[StateOut]


class SloDetail(SloOut):
    """An SLO with its document."""

    document: dict[str, Any]
    version: int


class VersionOut(Schema):
    """One version of an SLO."""

    number: int
    valid_from: dt.datetime
    author: str
    document: dict[str, Any]


class SavedOut(Schema):
    """What saving an SLO did."""

    name: str
    action: str


class FiringOut(Schema):
    """A burn rule that fires, or fired."""

    id: int
    slo: str
    service: str
    rule: str
    severity: str
    objective_index: int = Field(description="Place of the objective in the SLO, from 0.")
    window_index: int = Field(description="Place of the window in the SLO, from 0.")
    started_at: dt.datetime
    ended_at: dt.datetime | None
    reason: dict[str, Any]


class ExclusionIn(Schema):
    """A stretch of time that is not to count."""

    start: dt.datetime
    end: dt.datetime
    reason: str = Field(max_length=2000)
    slo: str | None = None
    service: str | None = None


class ExclusionOut(Schema):
    """A stretch of time that does not count, or did not."""

    id: int
    slo: str | None
    service: str | None
    start: dt.datetime
    end: dt.datetime
    reason: str
    author: str
    created_at: dt.datetime
    withdrawn_at: dt.datetime | None
    maintenance: str | None = Field(
        default=None, description="The maintenance window that it follows."
    )


class DayOut(Schema):
    """One UTC day of a proof."""

    day: dt.date
    good: int | float
    total: int | float
    measured_minutes: int
    due_minutes: int
    excluded_minutes: int


class ProofOut(Schema):
    """Why a figure is what it is."""

    status: StatusOut
    window_from: dt.datetime
    window_to: dt.datetime
    budget: float
    bad: float
    measured_minutes: int
    due_minutes: int
    excluded_minutes: int
    sli_name: str
    query: dict[str, Any]
    version: int
    exclusions: list[ExclusionOut]
    days: list[DayOut]
    error_minutes: list[dt.datetime]
