"""The burn rules of a standing with what they say, and what is to be known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from watchkeeper.slos.domain import findings, windows
from watchkeeper.slos.domain.evaluation import RuleState
from watchkeeper.slos.domain.findings import Finding
from watchkeeper.slos.queries.standing import Standing, number


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One burn rule at an instant.

    Attributes:
        name: Its name.
        severity: ``page`` or ``ticket``.
        factor: Multiple of the sustainable pace above which it burns.
        long: Label of the long lookback.
        short: Label of the short lookback.
        long_rate: Burn rate over it; ``None`` where nothing was measured or happened.
        short_rate: Likewise.
        state: ``burning``, ``clear``, or ``unknown`` where an unknown rate could decide.
        is_open: Whether its firing is open.
        budget_spent: Share of the budget that the long lookback spent; ``None``: unknown.
        exhausted_in_seconds: How long the rest lasts at its pace; ``None``: unknown or never.
        more_failures: Further failures that would take it above its factor; ``None``: unknown.
    """

    name: str
    severity: str
    factor: float
    long: str
    short: str
    long_rate: float | int | None
    short_rate: float | int | None
    state: str
    is_open: bool
    budget_spent: float | int | None
    exhausted_in_seconds: float | None
    more_failures: int | None


def rule_rows(standing: Standing) -> tuple[RuleRow, ...]:
    """Return the rules that watch a standing, with what each of them says."""
    return tuple(_row(state) for state in standing.answer.rules)


def findings_of(standing: Standing) -> tuple[Finding, ...]:
    """Return what is to be known of a standing's rules: left out, unknown, low traffic."""
    return findings.of(standing.question, standing.answer, remarks=standing.version.alert_remarks)


def rules_json(standing: Standing) -> dict[str, Sequence[dict[str, Any]]]:
    """Return rules and findings as every door tells them."""
    return {
        "rules": [
            {name: getattr(row, name) for name in RuleRow.__slots__} for row in rule_rows(standing)
        ],
        "findings": [
            {"kind": finding.kind.value, "detail": finding.detail}
            for finding in findings_of(standing)
        ],
    }


def _row(state: RuleState) -> RuleRow:
    left = state.exhausted_in
    return RuleRow(
        name=state.rule.name,
        severity=state.rule.severity.value,
        factor=float(state.rule.factor),
        long=windows.span_label(state.rule.long),
        short=windows.span_label(state.rule.short),
        long_rate=number(state.long_rate),
        short_rate=number(state.short_rate),
        state=state.standing.value,
        is_open=state.is_open,
        budget_spent=number(state.spent),
        exhausted_in_seconds=left.total_seconds() if left is not None else None,
        more_failures=state.more_failures,
    )
