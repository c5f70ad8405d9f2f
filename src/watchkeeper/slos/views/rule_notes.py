"""What is to be known of burn rules: those left out, and those that one failure alone fires."""

from fractions import Fraction

from watchkeeper.slos.domain import burn_rules, low_traffic, windows
from watchkeeper.slos.queries import Standing


def left_out(standing: Standing) -> tuple[str, ...]:
    """Return a sentence for each default rule that does not fit the window or the target."""
    definition = standing.version.definition
    if definition.burn_rules is not None:
        return ()
    period = windows.length_at(standing.window, standing.answer.as_of)
    return burn_rules.defaults(period=period, target=standing.objective.target).left_out


def low_traffic_findings(standing: Standing) -> tuple[str, ...]:
    """Return a sentence for each rule that one failure alone fires at the traffic of the window.

    What was measured stands for the whole period; nothing is said where nothing was measured.
    """
    answer = standing.answer
    if not answer.measured_minutes:
        return ()
    period = Fraction(answer.interval.length / windows.MINUTE)
    return low_traffic.findings(
        [state.rule for state in answer.rules],
        target=Fraction(standing.objective.target),
        total_in_period=Fraction(answer.total) * period / answer.measured_minutes,
        period_minutes=period,
    )
