"""The rules that say when a burn matters: the workbook's defaults, and what a rule must be.

Source: Google SRE Workbook, chapter 5, table 5-8 (multiwindow, multi-burn-rate alerts).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from watchkeeper.kernel.errors import InvalidError
from watchkeeper.slos.domain import burn_rate, windows
from watchkeeper.slos.domain.definition import BurnRule, Severity, SloDefinition, Window

SLICE = dt.timedelta(minutes=1)
MIN_SAMPLES = 4
TARGET_PLACES = 10
"""Decimal places of a target that are kept; a finer one would be told wrongly."""

_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_DEFAULTS = (
    ("page-fast", Severity.PAGE, Fraction(2, 100), _HOUR, _HOUR / 12),
    ("page-slow", Severity.PAGE, Fraction(5, 100), 6 * _HOUR, _HOUR / 2),
    ("ticket-fast", Severity.TICKET, Fraction(10, 100), _DAY, 2 * _HOUR),
    ("ticket-slow", Severity.TICKET, Fraction(10, 100), 3 * _DAY, 6 * _HOUR),
)


@dataclass(frozen=True, slots=True)
class DefaultRules:
    """The workbook's rules for one period and target.

    Attributes:
        rules: Those that make sense there.
        left_out: A sentence for each one that does not.
    """

    rules: tuple[BurnRule, ...]
    left_out: tuple[str, ...]


@lru_cache(maxsize=1024)
def defaults(*, period: dt.timedelta, target: Decimal) -> DefaultRules:
    """Return the workbook's four rules: 2 % in 1 h, 5 % in 6 h page; 10 % in 1 d, in 3 d ticket.

    The factor is share x period / lookback: 14.4, 6, 3 and 1 at 30 days. A rule whose factor is
    below 1 would fire while all is well; one that no outage can reach would never fire; both are
    left out. A lookback as long as the period needs no rule of its own: its factor is below 1.
    Where period or target make the factor an endless fraction it is cut at 28 digits.
    """
    rules: list[BurnRule] = []
    left_out: list[str] = []
    for name, severity, share, long, short in _DEFAULTS:
        factor = burn_rate.factor_for(share, lookback=long, period=period)
        why = refusal(factor=factor, target=target, long=long, short=short)
        if why:
            left_out.append(f"the default rule {name} is left out: {why}")
            continue
        exact = Decimal(factor.numerator) / Decimal(factor.denominator)
        rules.append(BurnRule(name, severity, long, short, exact))
    return DefaultRules(tuple(rules), tuple(left_out))


def rules_for(
    definition: SloDefinition, window: Window, *, target: Decimal, at: dt.datetime
) -> tuple[BurnRule, ...]:
    """Return the rules that watch one objective over one window."""
    if definition.burn_rules is not None:
        return definition.burn_rules
    return defaults(period=windows.length_at(window, at), target=target).rules


def refusal(
    *, factor: Fraction | Decimal, target: Decimal, long: dt.timedelta, short: dt.timedelta
) -> str:
    """Return why a rule cannot be, in words; empty where it can."""
    theta = Fraction(factor) * (1 - Fraction(target))
    if Fraction(factor) < 1:
        return f"its factor {float(factor):.4g} is below 1, so it would fire while all is well"
    if theta >= 1:
        return (
            f"its factor {float(factor):.4g} asks for an error ratio of {float(theta):.4g}, "
            "which no outage reaches"
        )
    if short < MIN_SAMPLES * SLICE:
        return f"its short lookback {windows.span_label(short)} holds under {MIN_SAMPLES} samples"
    if short >= long:
        return "its short lookback is not shorter than its long one"
    return ""


def check(rule: BurnRule, *, target: Decimal) -> None:
    """Return if ``rule`` can be.

    Raises:
        InvalidError: with the reason in a sentence.
    """
    why = refusal(factor=rule.factor, target=target, long=rule.long, short=rule.short)
    if why:
        raise InvalidError(f"the burn rule {rule.name} cannot be: {why}")


def check_target(target: Decimal) -> None:
    """Return if ``target`` can be an objective.

    Raises:
        InvalidError: it leaves no budget, promises nothing, or is finer than what is kept.
    """
    if target > 1:
        raise InvalidError(
            f"a target is a share above 0 and below 1 (99.9 % is 0.999), not {target}"
        )
    if target == 1:
        raise InvalidError(
            "a target of 100 % leaves no error budget, so nothing could be spent or measured; "
            "choose less, as 0.9999"
        )
    if target <= 0:
        raise InvalidError("a target is a share above 0 and below 1, as 0.999")
    if target != round(target, TARGET_PLACES):
        raise InvalidError(
            f"a target has at most {TARGET_PLACES} decimal places (99.99999999 %), not {target}"
        )


def check_retention(
    window_list: Sequence[Window], *, retention_days: int, at: dt.datetime | None = None
) -> None:
    """Return if minutes are kept for as long as every window can look back.

    Args:
        window_list: The windows; a calendar window is taken at its longest, as a month of 31 days.
        retention_days: How long minutes are kept.
        at: Changes nothing, as the longest is the same at every instant.

    Raises:
        InvalidError: a window is longer than what is kept.
    """
    for window in window_list:
        if windows.longest(window) > dt.timedelta(days=retention_days):
            raise InvalidError(
                f"the window {windows.label(window)} is longer than the {retention_days} days "
                "that minutes are kept (WATCHKEEPER_MINUTES_RETENTION_DAYS)"
            )
