"""Maintenance windows: when services may fail without waking anybody."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.changes.domain import occasions
from watchkeeper.changes.domain.occasions import Occasion
from watchkeeper.kernel.intervals import Interval


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window.

    Attributes:
        name: Its name.
        services: Names of the services in maintenance.
        occasion: When.
        exclude: Whether its minutes do not count for the SLOs of these services.
        reason: Why, in words; may be empty.
        cuts: What was left of times that were ended early; not maintenance.
    """

    name: str
    services: tuple[str, ...]
    occasion: Occasion
    exclude: bool = False
    reason: str = ""
    cuts: tuple[Interval, ...] = ()


def occurrences(window: Window, low: dt.datetime, high: dt.datetime) -> tuple[Interval, ...]:
    """Return the times that share an instant with ``[low, high)``, whole, in order."""
    whole = occasions.occurrences(window.occasion, low, high)
    left = occasions.without(whole, window.cuts)
    return tuple(each for each in left if each.start < high and low < each.end)


def near(window: Window, at: dt.datetime) -> tuple[Interval, ...]:
    """Return the times that end after ``at``, up to a day ahead at the least; quick."""
    left = occasions.without(occasions.near(window.occasion, at), window.cuts)
    return tuple(each for each in left if each.end > at)


def active_at(window: Window, at: dt.datetime) -> Interval | None:
    """Return the time that is on at an instant, which tells until when; ``None``: none is."""
    return occasions.active_at(near(window, at), at)


def touching(windows: Iterable[Window], service: str) -> list[Window]:
    """Return the windows of a service, by name."""
    found = [window for window in windows if service in window.services]
    return sorted(found, key=lambda window: window.name)
