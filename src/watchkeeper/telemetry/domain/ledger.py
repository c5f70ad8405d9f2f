"""Of two values for a minute the later observation wins; here is what that means for arrays.

A minute's state is its value and when that was observed. Merging keeps, for each minute, the value
observed last, so the order in which observations arrive does not matter. Repeats count too: an
equal value observed later moves the instant, else an observation from in between could win.
Observations of the same second are told apart by their receipt: the later one wins.
"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from watchkeeper.telemetry.domain.codec import DAY_MINUTES, DayMinutes
from watchkeeper.telemetry.domain.series import Counts, Flags

HOUR_MINUTES = 60
SEAL_AFTER_MINUTES = 120
"""How long an hour is closed before it is sealed."""
BULK = HOUR_MINUTES
"""From this many closed minutes of a day on, a write goes into the block at once."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Minutes of one or more versions, as columns of equal length.

    Attributes:
        version: Id of the SLI version.
        minute: Whole minutes since the Unix epoch.
        good: Good events, thousandths.
        total: All valid events, thousandths.
        observed: When, whole seconds since the Unix epoch.
    """

    version: Counts
    minute: Counts
    good: Counts
    total: Counts
    observed: Counts

    def __len__(self) -> int:
        return len(self.minute)

    @classmethod
    def empty(cls) -> Self:
        """Return no rows."""
        return cls(*(np.zeros(0, np.int64) for _ in fields(cls)))

    @classmethod
    def of_records(cls, records: list[tuple[int, ...]]) -> Self:
        """Return the rows of a table: version, minute, good, total, observed."""
        columns = np.array(records, dtype=np.int64).reshape(-1, len(fields(cls))).T
        return cls(*(np.ascontiguousarray(column) for column in columns))

    def pick(self, chosen: Flags | Counts) -> "Rows":
        """Return the rows that ``chosen`` (flags or places) names."""
        return Rows(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def joined(self, other: "Rows") -> "Rows":
        """Return these rows followed by ``other``."""
        return Rows(
            *(
                np.concatenate((getattr(self, field.name), getattr(other, field.name)))
                for field in fields(self)
            )
        )

    @property
    def keys(self) -> Counts:
        """One number for version and minute, in the order of version, then minute."""
        return (self.version << 32) | self.minute

    @property
    def day(self) -> Counts:
        """UTC day of each minute, in whole days since the Unix epoch."""
        return self.minute // DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What happens to each incoming row; the first four are exclusive.

    Attributes:
        new: Nothing was stored.
        unchanged: The same value was stored.
        changed: Another value was stored and gives way.
        superseded: Another value was stored that was observed later; it stays.
        written: What the store must take: new, changed, or the same observed later.
    """

    new: Flags
    unchanged: Flags
    changed: Flags
    superseded: Flags
    written: Flags


def judge(incoming: Rows, *, stored: Rows, known: Flags) -> Verdicts:
    """Return what happens to each row of ``incoming``.

    Args:
        incoming: What arrives.
        stored: What is stored for the same minutes; any value where not ``known``.
        known: Whether anything is stored.
    """
    same = known & (incoming.good == stored.good) & (incoming.total == stored.total)
    late = known & (incoming.observed < stored.observed)
    changed = known & ~same & ~late
    return Verdicts(
        new=~known,
        unchanged=same,
        changed=changed,
        superseded=known & ~same & late,
        written=~known | changed | (same & (incoming.observed > stored.observed)),
    )


def latest(rows: Rows) -> Rows:
    """Return one row for each version and minute, in order: the one observed last.

    Of rows observed in the same second the one that stands later in ``rows`` wins.
    """
    order = np.lexsort((rows.observed, rows.keys))
    ordered = rows.pick(order)
    keys = ordered.keys
    last = np.ones(len(keys), np.bool_)
    last[:-1] = keys[1:] != keys[:-1]
    return ordered.pick(last)


def fold(day: DayMinutes, rows: Rows) -> DayMinutes:
    """Return ``day`` with ``rows``, all of that day and one version, merged in.

    Rows observed in the same second as what the day holds win: the day was there first.
    """
    place = rows.minute % DAY_MINUTES
    wins: Flags = ~day.covered[place] | (rows.observed >= day.observed[place])
    place, rows = place[wins], rows.pick(wins)
    good, total, observed = day.good.copy(), day.total.copy(), day.observed.copy()
    covered = day.covered.copy()
    good[place], total[place], observed[place] = rows.good, rows.total, rows.observed
    covered[place] = True
    return DayMinutes(good, total, covered, observed)


def hours_of(day: DayMinutes) -> int:
    """Return a bit for each hour, the lowest for 00:00, set where it holds a minute."""
    hours = np.unique(np.flatnonzero(day.covered) // HOUR_MINUTES)
    return sum(1 << hour for hour in hours.tolist())


def sealed_before(minute: int) -> int:
    """Return the end of the last hour that is closed for two hours at ``minute``."""
    return (minute - SEAL_AFTER_MINUTES) // HOUR_MINUTES * HOUR_MINUTES
