"""The page of one SLO: the truth now, its figures, charts, burn and proof."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchkeeper.catalog import queries as catalog
from watchkeeper.kernel import clock
from watchkeeper.plumbing import yaml_documents
from watchkeeper.plumbing.pages import members_only
from watchkeeper.slos import queries
from watchkeeper.slos.domain import timeline, windows
from watchkeeper.slos.domain.definition import BudgetingMethod
from watchkeeper.slos.queries import FiringRow, Standing
from watchkeeper.slos.views import figures, lines, places, ranges, sentences
from watchkeeper.slos.views.figures import Scene
from watchkeeper.slos.views.places import Place
from watchkeeper.telemetry import queries as telemetry
from watchkeeper.ui.context import own_zone_of, shared_address, zone_of
from watchkeeper.ui.domain import times
from watchkeeper.ui.domain.charts import Mark

_FEW = 5


@members_only
@require_safe
def detail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one objective of an SLO over one window."""
    now = clock.now()
    standing, every = places.chosen(request, name, now=now)
    zone = zone_of(request)
    shared = shared_address(request)
    if shared:
        return redirect(shared)
    row = queries.slo_row(name)
    firings = [f for f in queries.firing_rows(name=name) if _is_here(f, standing)]
    exclusions = queries.exclusion_rows(name=name)
    versions = queries.versions_of([standing.slo_id])[standing.slo_id]
    scene = figures.scene_of(standing, asked=request.GET.dict(), zone=zone, now=now)
    minutes_url = reverse("slos:minutes", args=[name]) + places.query_of(standing, request)
    authors = lines.authors_of(versions, exclusions)
    days = timeline.by_day(standing.question, time_zone=zone.name)
    context: dict[str, Any] = {
        "row": row,
        "standing": standing,
        "answer": standing.answer,
        "objective": float(standing.objective.target),
        "places": _places(standing, every),
        "truth": sentences.truth(standing.answer, firings, now=now, zone=zone),
        "may_edit": places.may_edit(request, row),
        "is_from_file": row.origin == "file",
        "minutes_url": minutes_url,
        "csv_url": reverse("slos:minutes_csv", args=[name]) + places.query_of(standing),
        "place_query": places.query_of(standing),
        "scene": scene,
        "ranges": ranges.offered(standing),
        "choice": ranges.form(scene.shown, standing, zone=zone, own=own_zone_of(request)),
        "burn_rules": figures.burn_bars(standing, firings, now=now, zone=zone),
        "rule_findings": lines.finding_lines(queries.findings_of(standing)),
        "firings": lines.firing_lines(firings[:_FEW]),
        "older_firings": lines.firing_lines(firings[_FEW:]),
        "exclusions": lines.exclusion_lines(exclusions, authors),
        "versions": lines.version_lines(versions, authors),
        "spent": lines.spent_lines(days, minutes_url, zone),
        "spent_share": float(sum(day.spent or 0 for day in days)),
        "days": lines.day_lines(days, zone),
        "code": yaml_documents.dump([versions[-1].document]),
    }
    marks = figures.marks_of(scene, firings=firings, exclusions=exclusions, versions=versions)
    context |= _charts(scene, marks, minutes_url)
    return render(request, "slos/detail.html", context | _words(standing, firings))


def _charts(scene: Scene, marks: Sequence[Mark], minutes_url: str) -> dict[str, Any]:
    """Return the charts of what is shown: days and hours where there are days, else burn."""
    return {
        "budget_chart": figures.budget_chart(scene, marks=marks),
        "burn_chart": figures.burn_chart(scene, marks=marks) if scene.is_near else None,
        "heat_chart": None
        if scene.is_near
        else figures.heat_chart(scene, minutes_url=minutes_url),
        "shown_minutes_url": figures.span(minutes_url, scene.start, scene.end),
    }


def _is_here(firing: FiringRow, standing: Standing) -> bool:
    return (firing.objective_index, firing.window_index) == (
        standing.objective_index,
        standing.window_index,
    )


def _words(standing: Standing, firings: Sequence[FiringRow]) -> dict[str, Any]:
    """Return the figures at the head, ready to be written."""
    answer, definition = standing.answer, standing.version.definition
    method = definition.method
    left = answer.left_outage
    firing = (rule for rule in answer.rules if rule.holds or rule.is_open)
    fast = next(firing, answer.rules[0] if answer.rules else None)
    service = catalog.service_by_name(standing.service)
    source = standing.objective.spec.source
    return {
        "definition": definition,
        "unit": sentences.unit_of(method),
        "window_words": sentences.window_words(standing.window),
        "window_label": windows.label(standing.window),
        "pace_words": sentences.pace_words(answer),
        "sli": _float(answer.sli),
        "remaining": _float(answer.remaining),
        "projected": _float(answer.projected),
        "left_events": None if answer.left is None else math.floor(answer.left),
        "left_outage": left
        if left is not None and method is BudgetingMethod.OCCURRENCES
        else None,
        "coverage": _float(answer.coverage),
        "good": float(answer.good),
        "total": float(answer.total),
        "bad": float(answer.bad),
        "allowed": math.floor(answer.budget),
        "allowed_share": 1 - standing.objective.target,
        "is_partial": _is_partial(standing),
        "lasts_longer": _lasts_longer(standing),
        "fast": _pair(fast) if fast else None,
        "indicator": sentences.indicator_words(standing.objective.spec, method),
        "sli_queries": sentences.queries_of(standing.objective.spec),
        "service": service,
        "journeys": [j for j in catalog.journeys() if standing.service in j.services],
        "source": telemetry.source_by_name(source) if source else None,
        "open_firings": sum(row.ended_at is None for row in firings),
    }


def _pair(state: Any) -> dict[str, Any]:
    rule = state.rule
    return {
        "long": times.duration(rule.long),
        "short": times.duration(rule.short),
        "long_rate": _float(state.long_rate),
        "short_rate": _float(state.short_rate),
        "factor": float(rule.factor),
        "severity": rule.severity.value,
        "fires": bool(state.holds) or state.is_open,
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _lasts_longer(standing: Standing) -> bool:
    """Return whether the rest lasts longer than a whole window."""
    left = standing.answer.exhausted_in
    return left is not None and left > standing.answer.interval.length


def _is_partial(standing: Standing) -> bool:
    """Return whether the window is not full yet, so that the projection says something else."""
    answer = standing.answer
    if answer.projected is None or answer.remaining is None:
        return False
    return abs(float(answer.projected) - float(answer.remaining)) > 0.001


def _places(standing: Standing, every: Sequence[Standing]) -> list[Place]:
    several = len({each.objective_index for each in every}) > 1
    found = []
    for each in every:
        words = windows.label(each.window)
        if several:
            shown = each.objective.display_name or f"{float(each.objective.target):.4%}"
            words = f"{shown}, {words}"
        found.append(Place(places.address_of(each), words, each is standing))
    return found if len(found) > 1 else []
