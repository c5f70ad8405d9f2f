"""What few events do to burn rates: when one failure alone fires a rule.

At 10 requests an hour and a target of 99.9 %, one failure is a burn rate of 100 over that hour.
Source: Google SRE Workbook, chapter 5, "Low-traffic services and error budget alerting".
"""

from collections.abc import Sequence
from fractions import Fraction

from watchkeeper.slos.domain import windows
from watchkeeper.slos.domain.definition import BurnRule


def minimum_total(theta: Fraction) -> int:
    """Return the events a lookback needs so that one failure alone does not fire: 1 / theta.

    Args:
        theta: Error ratio above which the rule fires: factor x b, above 0.
    """
    return -(-theta.denominator // theta.numerator)


def weight_of_one_failure(total: Fraction, *, target: Fraction) -> Fraction | None:
    """Return the share of a budget that one failure among ``total`` events spends: 1/(b x total).

    Over a lookback it is the burn rate of one failure. ``None`` where there are no events.
    """
    return 1 / ((1 - target) * total) if total else None


def needed_totals(rules: Sequence[BurnRule], *, target: Fraction) -> dict[str, int]:
    """Return, by the name of the rule, the events its long lookback needs."""
    return {rule.name: minimum_total(Fraction(rule.factor) * (1 - target)) for rule in rules}


def findings(
    rules: Sequence[BurnRule],
    *,
    target: Fraction,
    total_in_period: Fraction,
    period_minutes: Fraction,
) -> tuple[str, ...]:
    """Return a sentence for each rule that a single failure fires at the usual traffic.

    Args:
        rules: The rules of the SLO.
        target: Promised good share, ``0 < target < 1``.
        total_in_period: Events that a whole SLO period has.
        period_minutes: Its length in minutes.
    """
    found: list[str] = []
    needed = needed_totals(rules, target=target)
    for rule in rules:
        lookback = int(rule.long / windows.MINUTE)
        usual = total_in_period * lookback / period_minutes
        if usual < needed[rule.name]:
            found.append(
                f"one failure alone fires {rule.name}: its {windows.span_label(rule.long)} holds "
                f"about {float(usual):.3g} events and needs {needed[rule.name]}; lower the "
                "target, measure more events, or give a policy with longer lookbacks"
            )
    return tuple(found)
