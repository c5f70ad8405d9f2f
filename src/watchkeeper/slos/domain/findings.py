"""What is to be known of the burn rules of an SLO: left out, unknown, or fired by one failure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from watchkeeper.slos.domain import burn_rules, low_traffic, windows
from watchkeeper.slos.domain.definition import BudgetingMethod, SloDefinition
from watchkeeper.slos.domain.evaluation import Evaluation, Question


class FindingKind(Enum):
    """What a finding is about."""

    RULE_LEFT_OUT = "rule_left_out"
    ALERT_CONDITION = "alert_condition"
    NO_RULES = "no_rules"
    RATE_UNKNOWN = "rate_unknown"
    LOW_TRAFFIC = "low_traffic"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know.

    Attributes:
        kind: What it is about.
        detail: A sentence that tells what is so, and what to do where something can be done.
    """

    kind: FindingKind
    detail: str


def of(
    question: Question, answer: Evaluation, *, remarks: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Return the findings of one objective over one window at one instant.

    Args:
        question: What was asked.
        answer: What was answered.
        remarks: What is not followed of its alert policies.
    """
    found = [Finding(FindingKind.ALERT_CONDITION, remark) for remark in remarks]
    if question.definition.burn_rules is None:
        defaults = burn_rules.defaults(
            period=windows.length_at(question.window, question.as_of),
            target=question.objective.target,
        )
        found += [Finding(FindingKind.RULE_LEFT_OUT, why) for why in defaults.left_out]
    if not answer.rules:
        found.append(Finding(FindingKind.NO_RULES, no_rules(question.definition)))
    found += [Finding(FindingKind.RATE_UNKNOWN, sentence) for sentence in _unknown(answer)]
    found += [Finding(FindingKind.LOW_TRAFFIC, sentence) for sentence in _low(question, answer)]
    return tuple(found)


def no_rules(definition: SloDefinition) -> str:
    """Return the sentence for an SLO that no rule watches."""
    if definition.burn_rules is None:
        return (
            "no burn rule watches this window: none of the defaults fits it; give an alert policy"
        )
    return (
        "no burn rule watches this SLO: none of its alert conditions can be used, and a policy of "
        "its own takes the place of the defaults"
    )


def _unknown(answer: Evaluation) -> Iterator[str]:
    for state in answer.rules:
        if state.holds is None:
            lookback = state.rule.short if state.short_rate is None else state.rule.long
            yield (
                f"whether {state.rule.name} burns is unknown: nothing was measured, or nothing "
                f"happened, in the last {windows.span_label(lookback)}"
            )


def _low(question: Question, answer: Evaluation) -> tuple[str, ...]:
    """Return whom one failure alone fires; slices are meant to be few, so events only."""
    if (
        question.definition.method is not BudgetingMethod.OCCURRENCES
        or not answer.measured_minutes
    ):
        return ()
    period = answer.interval.length // windows.MINUTE
    return low_traffic.findings(
        [state.rule for state in answer.rules],
        target=answer.target,
        total_in_period=answer.events * period / answer.measured_minutes,
        period_minutes=Fraction(period),
    )
