"""Dull SLIs, sources and minutes for tests, and a source that answers as it is told."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from watchkeeper.kernel import actors
from watchkeeper.kernel.errors import DependencyError
from watchkeeper.kernel.origins import Origin
from watchkeeper.telemetry import usecases
from watchkeeper.telemetry.domain import sources
from watchkeeper.telemetry.domain.series import MinuteSeries
from watchkeeper.telemetry.domain.spec import SliSpec
from watchkeeper.telemetry.ports import Fetched, SliRequest, SourceConfig


def minute_of(moment: dt.datetime) -> int:
    """Return the minute that ``moment`` lies in."""
    return int(moment.timestamp()) // 60


def make_sli(
    *,
    now: dt.datetime,
    name: str = "checkout",
    team_id: int | None = None,
    spec: SliSpec | None = None,
) -> int:
    """Define an SLI that is pushed, unless ``spec`` says otherwise."""
    return usecases.define_sli(
        actor=actors.host(),
        name=name,
        spec=spec or SliSpec(kind="push"),
        now=now,
        owner_team_id=team_id,
    )


def make_source(
    *, now: dt.datetime, name: str = "prom", kind: str = "fake", **details: object
) -> None:
    """Add a source."""
    usecases.save_source(
        actor=actors.host(),
        definition=sources.define(name=name, kind=kind, details=details),
        origin=Origin.UI,
        now=now,
    )


def query(total: str, *, source: str = "prom") -> SliSpec:
    """Return a ratio spec that is told from others by its query."""
    return SliSpec(kind="ratio", source=source, good=f"good of {total}", total=total)


class FakeSource:
    """A source whose minutes are a function of the minute; it can fall silent and forget."""

    silent: ClassVar[set[str]] = set()
    broken: ClassVar[set[str]] = set()
    calls: ClassVar[list[tuple[str, int, int, int]]] = []
    answered: ClassVar[int] = 0
    first: ClassVar[int | None] = None
    findings: ClassVar[tuple[str, ...]] = ()
    seconds: ClassVar[float] = 0.25
    """How long each answer is said to have taken."""
    good: ClassVar[Callable[[int], int]] = staticmethod(lambda minute: minute % 7 * 1000)

    @classmethod
    def clear(cls) -> None:
        cls.silent, cls.broken, cls.calls = set(), set(), []
        cls.first, cls.findings, cls.answered = None, (), 0
        cls.good = staticmethod(lambda minute: minute % 7 * 1000)

    def fetch(
        self,
        source: SourceConfig,
        requests: Sequence[SliRequest],
        *,
        start: int,
        end: int,
        skip: tuple[int, int] | None = None,
    ) -> Sequence[Fetched]:
        self._answer(source)
        type(self).answered += 1
        stretches = [(skip[1], end), (start, skip[0])] if skip else [(start, end)]
        self.calls.extend((source.name, len(requests), *each) for each in stretches)
        minutes = np.arange(start, end)
        good = np.array([type(self).good(int(each)) for each in minutes], np.int64)
        covered = minutes >= (self.first or 0)
        total = np.full(len(minutes), 7000, np.int64)
        series = MinuteSeries(start, good * covered, total * covered, covered)
        if skip is not None:
            series = series.without(start=skip[0], end=skip[1])
        return [Fetched(each.version_id, series, 0, self.findings) for each in requests]

    def oldest(self, source: SourceConfig) -> int | None:
        self._answer(source)
        return self.first

    def check(self, source: SourceConfig, spec: SliSpec) -> tuple[str, ...]:
        self._answer(source)
        return ("smoothed over 5 m",) if spec.counter else ()

    def probe(self, source: SourceConfig) -> str:
        self._answer(source)
        return "Fake 1.0"

    def _answer(self, source: SourceConfig) -> None:
        source.meter.note(self.seconds, failed=source.name in self.silent)
        if source.name in self.silent:
            raise DependencyError(f"{source.name} does not answer", permanent=False)
        if source.name in self.broken:
            raise ZeroDivisionError
