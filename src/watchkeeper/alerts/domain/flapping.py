"""Conditions that come and go: paged for once and held open until they are quiet.

Nagios calls a service flapping by the share of state changes among its last 21 checks and keeps
its notifications back meanwhile (Nagios Core documentation, "Detection and Handling of State
Flapping"); PagerDuty pauses incidents that usually resolve themselves before anybody is called
("Auto-Pause Incident Notifications"). Events have no checks to count, and a pause before the first
call can cost the one that matters. So here the first openings page as ever; one too many within a
while still pages, but its alert stays open whatever its sender says until nothing changed for long
enough, and its escalation goes on until somebody takes it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchkeeper.alerts.domain import durations
from watchkeeper.alerts.domain.events import OWN
from watchkeeper.kernel import lengths
from watchkeeper.kernel.errors import Problem

SETTING = "flapping"
OFF = "off"
MOST = 100
LONGEST = dt.timedelta(days=1)
_FIELDS = ("openings", "within", "quietFor")
_NEVER = frozenset({"heartbeat", OWN})
"""Kinds whose alerts open and end by a rule of their own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a key flaps.

    Attributes:
        openings: How many openings are one too many; at least 2.
        within: In how long.
        quiet: How long nothing may change until it flaps no more.
    """

    openings: int = 4
    within: dt.timedelta = dt.timedelta(hours=1)
    quiet: dt.timedelta = dt.timedelta(minutes=15)

    @property
    def words(self) -> str:
        """What it does to an alert, as people read it."""
        within, quiet = lengths.write(self.within), lengths.write(self.quiet)
        return (
            f"it opened {self.openings} times or more within {within}, so it flaps: it stays open "
            f"until nothing changed for {quiet}"
        )


USUAL = Limits()


def limits_of(settings: Mapping[str, Any], *, kind: str) -> Limits | None:
    """Return when keys of an integration flap; ``None``: never.

    Args:
        settings: The integration's, as they were checked.
        kind: Its kind.
    """
    said = settings.get(SETTING)
    if kind in _NEVER or said in (OFF, False):
        return None
    if not isinstance(said, Mapping):
        return USUAL
    return Limits(
        said.get("openings", USUAL.openings),
        durations.read(said.get("within")) or USUAL.within,
        durations.read(said.get("quietFor")) or USUAL.quiet,
    )


def faults(said: object) -> Iterator[Problem]:
    """Yield what is wrong with the setting, with its place."""
    if said in (None, OFF, False):
        return
    if not isinstance(said, Mapping):
        yield Problem("flapping is off, or has openings, within and quietFor", "spec.flapping")
        return
    for name in said:
        if name not in _FIELDS:
            yield Problem(f"{name} is not a field of flapping", f"spec.flapping.{name}")
    openings = said.get("openings", USUAL.openings)
    if isinstance(openings, bool) or not isinstance(openings, int) or not 2 <= openings <= MOST:
        yield Problem(f"openings is a number from 2 to {MOST}", "spec.flapping.openings")
    for name in ("within", "quietFor"):
        length = durations.read(said.get(name, "1h"))
        if length is None or length > LONGEST:
            message = f"{name} is a length as 90s, 15m or 1h, at most 1d"
            yield Problem(message, f"spec.flapping.{name}")
