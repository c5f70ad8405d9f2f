"""Dull SLIs, sources and minutes for tests."""

import datetime as dt

from watchkeeper.kernel import actors
from watchkeeper.telemetry import usecases
from watchkeeper.telemetry.domain.spec import SliSpec


def minute_of(moment: dt.datetime) -> int:
    """Return the minute that ``moment`` lies in."""
    return int(moment.timestamp()) // 60


def make_sli(*, now: dt.datetime, name: str = "checkout", team_id: int | None = None) -> int:
    """Define an SLI that is pushed."""
    return usecases.define_sli(
        actor=actors.host(),
        name=name,
        spec=SliSpec(kind="push"),
        now=now,
        owner_team_id=team_id,
    )
