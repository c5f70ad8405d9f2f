"""The minutes under a figure: what was counted, to read and to save."""

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.kernel import clock
from watchkeeper.plumbing.pages import members_only
from watchkeeper.slos import queries
from watchkeeper.slos.domain import evaluation, slices
from watchkeeper.slos.queries import Standing
from watchkeeper.slos.views import places
from watchkeeper.telemetry.domain.series import SCALE
from watchkeeper.ui.context import zone_of
from watchkeeper.ui.domain import times

_MOST = 1500
_LONGEST = 400 * 1440


@dataclass(frozen=True, slots=True)
class MinuteLine:
    """One minute; good and total are unknown where it was not measured."""

    at: dt.datetime
    good: float | None
    total: float | None
    is_error: bool
    is_excluded: bool
    is_due: bool

    @property
    def bad(self) -> float | None:
        if self.good is None or self.total is None:
            return None
        return max(0.0, self.total - self.good)


def _lines(standing: Standing, *, start: int, end: int) -> Iterator[MinuteLine]:
    question = queries.further_back(standing, start=start)
    counting = evaluation.counting_rule(question)
    minutes = evaluation.prepare(question).part(start=start, end=end)
    erred = slices.bad_minutes(minutes, counting, target=question.objective.target)
    series = minutes.series
    for index, covered in enumerate(series.covered.tolist()):
        yield MinuteLine(
            at=dt.datetime.fromtimestamp((series.start + index) * 60, tz=dt.UTC),
            good=_number(series.good[index]) if covered else None,
            total=_number(series.total[index]) if covered else None,
            is_error=bool(erred[index]),
            is_excluded=bool(minutes.excluded[index]),
            is_due=bool(minutes.due[index]),
        )


def _number(thousandths: int) -> float | int:
    whole, rest = divmod(int(thousandths), SCALE)
    return whole if rest == 0 else int(thousandths) / SCALE


def _asked(request: HttpRequest, standing: Standing) -> tuple[int, int]:
    """Return the minutes that the address asks for; else those of the window."""
    interval = standing.answer.interval
    end = min(interval.end, standing.answer.as_of)
    low = evaluation.minute_of(_instant(request.GET.get("from", "")) or interval.start)
    high = evaluation.minute_of(_instant(request.GET.get("to", "")) or end)
    high = min(high, evaluation.minute_of(standing.answer.as_of))
    return max(low, high - _LONGEST), high


def _instant(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(dt.UTC) if found.tzinfo is not None else None


@members_only
@require_safe
def minutes_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show the minutes of a day or an hour; of more, those with errors."""
    standing, _ = places.chosen(request, name, now=clock.now())
    start, end = _asked(request, standing)
    is_long = end - start > _MOST
    lines = [
        line
        for line in _lines(standing, start=start, end=end)
        if line.is_error or (not is_long and (line.is_due or line.is_excluded or line.total))
    ]
    zone = zone_of(request)
    first, last = (dt.datetime.fromtimestamp(at * 60, tz=dt.UTC) for at in (start, end))
    context = {
        "row": queries.slo_row(name),
        "standing": standing,
        "back_url": places.address_of(standing),
        "lines": lines[:_MOST],
        "hidden": max(0, len(lines) - _MOST),
        "is_long": is_long,
        "error_count": sum(line.is_error for line in lines),
        "span_words": f"{times.exact(first, zone=zone)} to {times.exact(last, zone=zone)}",
        "csv_url": f"{reverse('slos:minutes_csv', args=[name])}?{request.GET.urlencode()}",
        "objective": float(standing.objective.target),
    }
    return render(request, "slos/minutes.html", context)


class _Lines:
    def write(self, line: str) -> str:
        return line


@members_only
@require_safe
def minutes_csv(request: HttpRequest, name: str) -> HttpResponseBase:
    """Give the minutes as CSV, in UTC; the columns that ``import-minutes`` reads come first."""
    standing, _ = places.chosen(request, name, now=clock.now())
    start, end = _asked(request, standing)
    writer = csv.writer(_Lines())

    def lines() -> Iterator[str]:
        yield writer.writerow(("time", "good", "total", "error", "excluded"))
        for line in _lines(standing, start=start, end=end):
            if line.total is not None:
                at = line.at.strftime("%Y-%m-%dT%H:%M:%SZ")
                flags = (int(line.is_error), int(line.is_excluded))
                yield writer.writerow((at, line.good, line.total, *flags))

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{standing.name}-minutes.csv"'
    return response
