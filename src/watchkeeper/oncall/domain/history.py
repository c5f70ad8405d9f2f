"""What a schedule said and says: a change holds from its instant on and leaves the past alone."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchkeeper.kernel.intervals import Interval
from watchkeeper.oncall.domain import resolver
from watchkeeper.oncall.domain.schedule import Entry, People, Schedule

_HORIZONS = tuple(dt.timedelta(days=days) for days in (1, 8, 64, 400, 4000))
_LAST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule as it stood from an instant until the next version.

    Attributes:
        since: First instant at which it holds; of the first version also all time before that.
        schedule: ``None``: there was none, it was removed.
    """

    since: dt.datetime
    schedule: Schedule | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is on call at an instant.

    Attributes:
        at: The instant.
        people: Who; empty: nobody.
        layer: The layer that says so; empty: nobody.
        until: When that changes; ``None``: not in the ten years that were looked at.
    """

    at: dt.datetime
    people: People
    layer: str
    until: dt.datetime | None


def entries(versions: Sequence[Version], interval: Interval) -> list[Entry]:
    """Return who is on call in ``interval``, every instant by the version in force then.

    Args:
        versions: In order of time.
        interval: Which time.
    """
    return resolver.merged(
        entry
        for schedule, part in _parts(versions, interval)
        for entry in resolver.resolve(schedule, part)
    )


def _parts(versions: Sequence[Version], interval: Interval) -> Iterator[tuple[Schedule, Interval]]:
    for place, version in enumerate(versions):
        start = interval.start if place == 0 else max(interval.start, version.since)
        end = interval.end
        if place + 1 < len(versions):
            end = min(end, versions[place + 1].since)
        if version.schedule is not None and start < end:
            yield version.schedule, Interval(start, end)


def standing_at(versions: Sequence[Version], instant: dt.datetime) -> Standing:
    """Return who is on call at ``instant`` and until when; looks ahead ten years at most."""
    for horizon in _HORIZONS:
        end = min(instant + horizon, _LAST)
        if instant >= end:
            break
        found = entries(versions, Interval(instant, end))
        if found and found[0].start > instant:
            return Standing(instant, (), "", found[0].start)
        if found and found[0].end < end:
            first = found[0]
            return Standing(instant, first.people, first.layer, first.end)
    people, layer = on_call_at(versions, instant)
    return Standing(instant, people, layer, None)


def on_call_at(versions: Sequence[Version], instant: dt.datetime) -> resolver.Answer:
    """Return who is on call at ``instant`` and the layer that says so; nobody: two empty ones."""
    held = [version for version in versions if version.since <= instant] or list(versions[:1])
    if not held or held[-1].schedule is None:
        return resolver.NOBODY
    return resolver.on_call_at(held[-1].schedule, instant)
