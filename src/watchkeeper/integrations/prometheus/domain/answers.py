"""From what a server told of an SLI's queries to its minutes of good and total."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from watchkeeper.integrations.prometheus.domain import minutes
from watchkeeper.integrations.prometheus.domain.minutes import Flags, Numbers, Run
from watchkeeper.integrations.prometheus.domain.queries import (
    Query,
    Reading,
    names_window,
    read_counter,
    read_value,
)
from watchkeeper.kernel.errors import InvalidError
from watchkeeper.telemetry.domain.series import SCALE, MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec

_COMPARE = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}
Counts64 = npt.NDArray[np.int64]
_GOLDEN = 0.6180339887498949
_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be asked for one SLI.

    Attributes:
        spec: How the SLI is measured.
        roles: Query by role: ``good``, ``bad``, ``total``, ``value``.
        findings: What the user should know of the queries.
    """

    spec: SliSpec
    roles: Mapping[str, Query]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """One query's minutes: events (not thousandths), and which minutes were measured."""

    amount: Numbers
    covered: Flags
    old_targets: int = 0

    def only(self, asked: Flags) -> "Counts":
        """Return the same, measured only where it was asked for."""
        return Counts(self.amount, self.covered & asked, self.old_targets)


@dataclass(frozen=True, slots=True)
class Minutes:
    """An SLI's minutes, and in how many of them a part exceeded the whole."""

    series: MinuteSeries
    over_total: int = 0


@lru_cache(maxsize=_REMEMBERED)
def plan(spec: SliSpec) -> Plan:
    """Return what has to be asked for ``spec``; read once, as it is asked for every minute.

    Raises:
        InvalidError: a query is missing or cannot be taken by minutes; the sentence says why.
    """
    if spec.kind in {"threshold", "raw_ratio"}:
        if not spec.value:
            raise InvalidError("the indicator needs a query")
        if spec.kind == "threshold" and (spec.op is None or spec.bound is None):
            raise InvalidError("a threshold needs an operator and a value to compare with")
        reading = read_value(spec.value, many=False)
        return Plan(spec, {"value": reading.query}, reading.findings)
    texts = {"good": spec.good, "bad": spec.bad, "total": spec.total}
    given = {role: text for role, text in texts.items() if text}
    if len(given) < 2:
        raise InvalidError("a ratio needs two of good, bad and total")
    if len(given) > 2:
        del given["bad"]
    roles, findings = {}, []
    for role, text in given.items():
        try:
            reading = _read(text, counter=spec.counter)
        except InvalidError as error:
            raise InvalidError(f"{role}: {error.message}") from error
        roles[role] = reading.query
        findings += [f"{role}: {finding}" for finding in reading.findings]
    return Plan(spec, roles, tuple(findings))


def _read(text: str, *, counter: bool) -> Reading:
    """Return how to take ``text``; one that leaves its window to be filled in is counted."""
    if counter:
        return read_counter(text)
    if names_window(text):
        try:
            return read_counter(text)
        except InvalidError:
            return read_value(text, many=True)
    return read_value(text, many=True)


def counted(edges: Numbers, runs: list[Run], *, start: int, watched: Flags) -> Counts:
    """Return a counter's minutes from its sums at the edges and its raw runs.

    Args:
        edges: Sum at each edge of the minutes; NaN where there was no value.
        runs: Raw samples for the minutes that edges do not tell.
        start: First minute.
        watched: For each minute, whether the SLI's total was measured shortly before it.
    """
    amount, covered, _ = minutes.differences(edges)
    old_targets = 0
    for run in runs:
        part = slice(run.start - start, run.end - start)
        result = minutes.count(run, watched=watched[part])
        amount[part] = result.amount
        covered[part] |= result.counted
        old_targets += result.old_targets
    return Counts(amount, covered, old_targets)


def shares(start: int, *, total: Counts, good: Counts | None, bad: Counts | None) -> Minutes:
    """Return a ratio's minutes: covered where the total is; a missing part is none.

    A bad count above the total leaves no good; a good count above the total is kept as told. Both
    are counted as minutes over the total.
    """
    covered = total.covered
    whole = _thousandths(total.amount, covered)
    if good is not None:
        part = _thousandths(good.amount, covered & good.covered)
    elif bad is not None:
        part = whole - _thousandths(bad.amount, covered & bad.covered)
    else:
        part = whole
    over = (part > whole) | (part < 0)
    series = MinuteSeries(start, np.maximum(part, 0), whole, covered.copy())
    return Minutes(series, int(np.count_nonzero(over)))


def together(good: Counts, bad: Counts) -> Counts:
    """Return the total of an SLI that names good and bad only."""
    return Counts(
        good.amount * good.covered + bad.amount * bad.covered,
        good.covered | bad.covered,
        good.old_targets + bad.old_targets,
    )


def judged(start: int, values: Numbers, *, op: str, bound: Decimal) -> Minutes:
    """Return a threshold's minutes: 1 of 1 where *value op bound* holds, else 0 of 1."""
    covered = ~np.isnan(values)
    good = _COMPARE[op](values, float(bound)) & covered
    return Minutes(MinuteSeries(start, _ones(good), _ones(covered), covered))


def told(start: int, values: Numbers, *, failure: bool) -> Minutes:
    """Return the minutes of a ratio that the source tells itself: a share of one event.

    Thousandths of one event are coarse, so the rounding is spread: minute *m* is rounded down
    after adding the fractional part of *m* times the golden ratio. The same minute always rounds
    the same way, and sums over any stretch stay within a few thousandths of the exact ones.
    """
    covered = np.isfinite(values) & (values >= 0)
    share = np.where(covered, values, 0.0)
    over = share > 1
    share = np.where(covered, 1 - share if failure else share, 0.0).clip(0, 1)
    spread = ((start + np.arange(len(values))) * _GOLDEN) % 1
    good = np.floor(np.round(share * SCALE, 9) + spread).astype(np.int64) * covered
    return Minutes(MinuteSeries(start, good, _ones(covered), covered), int(np.count_nonzero(over)))


def _ones(flags: Flags) -> Counts64:
    return flags.astype(np.int64) * SCALE


def _thousandths(amount: Numbers, covered: Flags) -> Counts64:
    kept = np.where(covered & np.isfinite(amount), amount, 0.0)
    thousandths: Counts64 = np.rint(np.maximum(kept, 0) * SCALE).astype(np.int64)
    return thousandths
