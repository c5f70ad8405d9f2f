"""How numbers are written: the same words on screens, in commands and in messages.

Ratios and budgets are floored, never rounded, so that no figure looks better than it is and none
reaches its objective by rounding. Unknown is ``None`` and is written as a dash.
"""

import math
from decimal import ROUND_FLOOR, Decimal

UNKNOWN = "—"
MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
_HUNDRED = Decimal(100)
_BURN_FIGURES = 3
_COMPACT = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))
_COMPACT_FROM = 10_000

Number = int | float | Decimal


def exact(value: Number) -> Decimal:
    """Return ``value`` as the decimal that its shortest text names; 0.1 is 0.1.

    Raises:
        ValueError: the value is not finite.
    """
    number = value if isinstance(value, Decimal) else Decimal(str(float(value)))
    if isinstance(value, int):
        number = Decimal(value)
    if not number.is_finite():
        raise ValueError(f"{value} is not a number that can be written")
    return number


def known(value: Number | None) -> bool:
    """Return whether ``value`` is there and finite; NaN is as unknown as ``None``."""
    return value is not None and math.isfinite(value)


def _floor(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_FLOOR)


def _signed(value: Decimal, *, grouping: bool = False) -> str:
    text = f"{abs(value):,f}" if grouping else f"{abs(value):f}"
    return (MINUS if value < 0 else "") + text


def _digits_of(percent: Decimal) -> int:
    """Return how many digits after the point ``percent`` needs to be written in full."""
    exponent = percent.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def objective(value: Number | None) -> str:
    """Return an objective in full: 0.9995 is "99.95 %"; nothing is rounded away."""
    if value is None or not known(value):
        return UNKNOWN
    percent = exact(value) * _HUNDRED
    return f"{_signed(_floor(percent, _digits_of(percent)))}{THIN}%"


def ratio(value: Number | None, *, against: Number | None = None) -> str:
    """Return a good share with the nines that matter.

    Args:
        value: Share in 0..1; ``None`` is unknown.
        against: The objective in (0, 1); the digits go to one past it. Without one, two digits.

    Returns:
        "99.93 %" at 99.9 %, "99.987 %" at 99.99 %; floored, so that a share under its objective
        never reads as having met it.
    """
    if value is None or not known(value):
        return UNKNOWN
    digits = 2 if against is None else _digits_of(exact(against) * _HUNDRED) + 1
    percent = exact(value) * _HUNDRED
    if percent == _HUNDRED:
        return f"100{THIN}%"
    return f"{_signed(_floor(percent, digits))}{THIN}%"


def share(value: Number | None, *, digits: int = 1) -> str:
    """Return any share, floored: 0.3529 is "35.2 %", 0.38 is "38 %".

    What is more than nothing never reads as nothing: 0.0004 is "under 0.1 %".

    Args:
        value: Share of a whole; below 0 is overspent; ``None`` is unknown.
        digits: Digits after the point where the share is not a whole percent.
    """
    if value is None or not known(value):
        return UNKNOWN
    percent = exact(value) * _HUNDRED
    if percent == percent.to_integral_value():
        return f"{_signed(percent.to_integral_value())}{THIN}%"
    least = Decimal(1).scaleb(-digits)
    if 0 < percent < least:
        return f"under {least:f}{THIN}%"
    return f"{_signed(_floor(percent, digits))}{THIN}%"


def points(value: Number | None) -> str:
    """Return a difference of shares in percentage points with its sign: "+1.2 pt"."""
    if value is None or not known(value):
        return UNKNOWN
    moved = _floor(exact(value) * _HUNDRED, 1)
    return f"{'+' if moved > 0 else ''}{_signed(moved)}{THIN}pt"


def burn(value: Number | None) -> str:
    """Return a burn rate to three figures, cut and not rounded: 14.39 is "14.3x".

    Cut, so that a rate under a rule's factor never reads as having reached it.
    """
    if value is None or not known(value):
        return UNKNOWN
    rate = exact(value)
    if rate == 0:
        return "0x"
    least = Decimal("0.01")
    if 0 < rate < least:
        return f"under {least}x"
    digits = max(0, _BURN_FIGURES - 1 - max(0, rate.copy_abs().adjusted()))
    return f"{_signed(_floor(rate, digits))}x"


def factor(value: Number | None) -> str:
    """Return a rule's factor in full: "14.4x", "6x"."""
    if value is None or not known(value):
        return UNKNOWN
    number = exact(value)
    return f"{_signed(_floor(number, min(3, _digits_of(number))))}x"


def count(value: Number | None) -> str:
    """Return a count in full, grouped: "17,451,973"; a fraction keeps one digit."""
    if value is None or not known(value):
        return UNKNOWN
    number = exact(value)
    whole = number == number.to_integral_value()
    return _signed(_floor(number, 0 if whole else 1), grouping=True)


def compact(value: Number | None) -> str:
    """Return a count for charts and dense tables: "12.4 k", "0.61 M"; exact below 10,000."""
    if value is None or not known(value):
        return UNKNOWN
    number = exact(value)
    if abs(number) < _COMPACT_FROM:
        return count(number)
    size, letter = next(pair for pair in _COMPACT if abs(number) >= pair[0])
    scaled = number / size
    digits = max(0, 2 - max(0, scaled.copy_abs().adjusted()))
    return f"{_signed(_floor(scaled, digits))}{THIN}{letter}"


def plain(value: Number | None, *, unit: str = "") -> str:
    """Return a number with at most two digits after the point and its unit behind it."""
    if value is None or not known(value):
        return UNKNOWN
    number = exact(value)
    text = _signed(_floor(number, min(2, _digits_of(number))), grouping=True)
    return f"{text}{THIN}{unit}" if unit else text


def budget(
    remaining: Number | None,
    *,
    size: str | None = None,
    events: Number | None = None,
    unit: str = "events",
) -> str:
    """Return what is left of a budget in both sizes that matter.

    Args:
        remaining: Share of the budget; 1 whole, 0 gone, below 0 overspent; ``None`` is unknown.
        size: The same as a length in words, as "16 min 24 s".
        events: The same as a count of events.
        unit: What is counted, in the plural.

    Returns:
        "38 % left · 16 min 24 s", "38 % left · 5,120 requests", "21.5 % overspent · …".
    """
    if remaining is None or not known(remaining):
        return UNKNOWN
    text = share(remaining)
    head = f"{text.removeprefix(MINUS)} overspent" if remaining < 0 else f"{text} left"
    human = [size.removeprefix(MINUS)] if size else []
    if events is not None and known(events):
        human.append(f"{count(abs(exact(events)))} {unit}")
    return " · ".join([head, *human])
