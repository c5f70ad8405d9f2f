"""How much a source measured along time, as a chart."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from watchkeeper.telemetry.queries import CoverageOverTime, CoverageSlice
from watchkeeper.ui.domain import axes, numbers, ranges, times
from watchkeeper.ui.domain.columns import Column, ColumnChart, ColumnWords
from watchkeeper.ui.domain.ranges import Range

OFFERED = [(key, ranges.words(key)) for key in ranges.OFFERED]
_DAY = dt.timedelta(days=1)
_LONGEST = 90 * _DAY


def chosen(asked: Mapping[str, str], *, now: dt.datetime, zone: times.Zone) -> Range:
    """Return the range that the address asks for; the last day where it asks for none."""
    day = Range("24h", now - _DAY, now)
    found = ranges.chosen(asked, day, latest=now, longest=_LONGEST, zone=zone)
    if found.problem:
        return replace(found, problem=f"{found.problem} The last 24 hours are shown.")
    return found


def chart(found: CoverageOverTime, shown: Range, *, zone: times.Zone) -> ColumnChart | None:
    """Return the chart of what was measured; ``None`` where no minute was due."""
    if not found.due:
        return None
    start, end = shown.start.timestamp(), shown.end.timestamp()
    return ColumnChart(
        name="coverage",
        summary=_summary(found, shown, zone=zone),
        start=start,
        end=end,
        columns=[_column(each) for each in found.slices],
        words=ColumnWords(
            start=_("From (%(city)s)") % {"city": zone.city},
            end=_("Until"),
            whole=_("Due minutes"),
            part=_("Measured"),
            share=_("Coverage"),
            lack=_("Missing"),
        ),
        when=lambda at: times.axis_label(_instant(at), zone=zone),
        when_exact=lambda at: times.stamp(_instant(at), zone=zone),
        ticks=axes.time_ticks(start, end, zone=zone),
    )


def _summary(found: CoverageOverTime, shown: Range, *, zone: times.Zone) -> str:
    words = {
        "share": numbers.ratio(found.measured / found.due),
        "start": times.exact(shown.start, zone=zone),
        "end": times.exact(shown.end, zone=zone),
    }
    return _("%(share)s of the due minutes were measured from %(start)s to %(end)s.") % words


def _column(each: CoverageSlice) -> Column:
    return Column(each.start.timestamp(), each.end.timestamp(), each.measured, each.due)


def _instant(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
