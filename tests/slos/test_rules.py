"""What every door tells of burn rules: what they say, what is left out, what is unknown."""

import datetime as dt
from typing import Any

import pytest

from tests.factories import HOST, make_minutes, make_slo, slo_document
from watchkeeper.kernel.documents import Document
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.slos import queries, usecases
from watchkeeper.slos.domain import openslo
from watchkeeper.slos.domain.openslo import Library

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
WEEK = [{"duration": "7d", "isRolling": True}]
SHORT = [{"duration": "12h", "isRolling": True}]


def status(name: str = "checkout") -> dict[str, Any]:
    [found] = queries.status_of(name=name, at=NOON, now=NOON + DAY)
    return found


def kinds(found: dict[str, Any]) -> dict[str, str]:
    return {finding["kind"]: finding["detail"] for finding in found["findings"]}


def condition(name: str = "fast", **inner: Any) -> Document:
    wanted = {"kind": "burnrate", "op": "gt", "threshold": 10, "lookbackWindow": "1h"} | inner
    spec = {"severity": "page", "condition": wanted}
    return _document("AlertCondition", name, spec)


def policy(name: str, *conditions: str) -> Document:
    refs = [{"conditionRef": each} for each in conditions]
    return _document("AlertPolicy", name, {"conditions": refs, "notificationTargets": []})


def _document(kind: str, name: str, spec: dict[str, Any]) -> Document:
    return Document(
        {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    )


def save(document: Document) -> None:
    usecases.save_object(actor=HOST, document=document, origin=Origin.FILE, now=NOON - DAY)


def test_a_rule_tells_what_it_says_and_why() -> None:
    make_slo()
    make_minutes("checkout", NOON, (4000, 1000, 1000), (60, 900, 1000))

    fast = next(rule for rule in status()["rules"] if rule["name"] == "page-fast")

    assert (fast["state"], fast["long"], fast["short"]) == ("burning", "1h", "5m")
    assert (fast["long_rate"], fast["short_rate"], fast["factor"]) == (100, 100, 14.4)
    assert fast["budget_spent"] == pytest.approx(100 / 720)


def test_defaults_that_are_left_out_are_told_where_the_slo_is_shown() -> None:
    make_slo(slo_document(timeWindow=WEEK))
    make_minutes("checkout", NOON, (4000, 1000, 1000))

    found = status()

    assert [rule["name"] for rule in found["rules"]] == ["page-fast", "page-slow"]
    left_out = [f["detail"] for f in found["findings"] if f["kind"] == "rule_left_out"]
    assert len(left_out) == 2
    assert "ticket-slow is left out: its factor 0.2333 is below 1" in left_out[1]


def test_a_window_that_no_rule_watches_says_so() -> None:
    make_slo(slo_document(timeWindow=SHORT))
    make_minutes("checkout", NOON, (600, 1000, 1000))

    found = status()

    assert found["rules"] == []
    assert "none of the defaults fits" in kinds(found)["no_rules"]


def test_few_events_are_told_with_the_rules_that_one_failure_fires() -> None:
    make_slo()
    make_minutes("checkout", NOON, (6000, 1, 1))

    low = [f["detail"] for f in status()["findings"] if f["kind"] == "low_traffic"]

    assert len(low) == 1
    assert low[0].startswith("one failure alone fires page-fast: its 1h holds about 60 events")


def test_a_rule_without_a_rate_is_unknown_and_never_ok() -> None:
    make_slo()
    make_minutes("checkout", NOON - 4 * DAY, (6000, 1000, 1000))

    found = status()

    assert (found["status"], found["words"]) == ("ok", "OK, burn unknown")
    assert {rule["state"] for rule in found["rules"]} == {"unknown"}
    assert [f["kind"] for f in found["findings"]] == ["rate_unknown"] * 4
    assert "whether page-fast burns is unknown" in found["findings"][0]["detail"]


def test_lists_tell_an_unknown_burn_from_both_ways_of_judging() -> None:
    make_slo()
    make_minutes("checkout", NOON, (6000, 1000, 1000))
    ticker = usecases.Ticker()

    ticker.tick(now=NOON)
    [state] = queries.slo_row("checkout").states
    assert (state.words, state.unknown_rules) == ("OK", 0)

    later = NOON + dt.timedelta(hours=4)  # by remembered sums; 5 m, 1 h and 30 m hold nothing
    ticker.tick(now=later)
    [state] = queries.slo_row("checkout").states
    assert (state.words, state.unknown_rules) == ("OK, burn unknown", 1)

    usecases.tick(now=later)  # from the minutes
    [state] = queries.slo_row("checkout").states
    assert (state.words, state.unknown_rules) == ("OK, burn unknown", 1)


def test_a_condition_that_cannot_be_used_is_told_where_the_slo_is_shown() -> None:
    save(condition(threshold=0.5))
    save(policy("mine", "fast"))
    make_slo(slo_document(alertPolicies=[{"alertPolicyRef": "mine"}]))

    found = kinds(status())

    assert "the alert condition fast is left out: its factor 0.5" in found["alert_condition"]
    assert "none of its alert conditions can be used" in found["no_rules"]


def test_what_a_condition_asks_and_a_rule_does_otherwise_is_told() -> None:
    save(condition(alertAfter="5m", op="gte"))
    save(policy("mine", "fast"))
    make_slo(slo_document(alertPolicies=[{"alertPolicyRef": "mine"}]))

    told = [f["detail"] for f in status()["findings"] if f["kind"] == "alert_condition"]

    assert any("alertAfter is not followed" in sentence for sentence in told)
    assert any("op gte is taken as gt" in sentence for sentence in told)


def test_only_what_an_slo_refers_to_starts_a_new_version() -> None:
    for name in ("fast", "other"):
        save(condition(name))
        save(policy(f"{name}-policy", name))
    make_slo(slo_document(alertPolicies=[{"alertPolicyRef": "fast-policy"}]))

    save(condition("other", threshold=5))
    assert status()["definition_version"] == 1

    save(condition("fast", threshold=5))
    assert status()["definition_version"] == 2
    assert status()["rules"][0]["factor"] == 5


def test_an_slo_follows_a_policy_that_comes_after_it() -> None:
    make_slo(slo_document(alertPolicies=[{"alertPolicyRef": "mine"}]))
    assert status()["rules"] == []

    save(condition())
    save(policy("mine", "fast"))

    assert [rule["name"] for rule in status()["rules"]] == ["fast"]


def test_a_policy_that_an_slo_uses_is_not_removed_under_it() -> None:
    save(condition())
    save(policy("mine", "fast"))
    make_slo(slo_document(alertPolicies=[{"alertPolicyRef": "mine"}]))

    for kind, name in (("AlertPolicy", "mine"), ("AlertCondition", "fast")):
        with pytest.raises(ConflictError, match="is used by the SLO checkout"):
            usecases.remove_object(actor=HOST, kind=kind, name=name, now=NOON)


def test_validate_tells_which_defaults_never_watch_a_window() -> None:
    _, notes = openslo.read_slo(slo_document(timeWindow=WEEK), Library())

    assert [(note.path, note.detail.split(":")[0]) for note in notes.remarks] == [
        ("spec.timeWindow[0]", "the default rule ticket-fast is left out"),
        ("spec.timeWindow[0]", "the default rule ticket-slow is left out"),
    ]
    assert notes.faults == []


def test_strict_looks_into_inline_conditions_and_lenient_does_not_refuse() -> None:
    half = {"severity": "page", "condition": {"kind": "burnrate"}}
    odd = _document("AlertCondition", "fast", half).data
    inline = _document("AlertPolicy", "mine", {"conditions": [odd]}).data
    document = slo_document(alertPolicies=[inline])

    definition, lenient = openslo.read_slo(document, Library())
    assert definition is not None
    assert any("is left out" in note.detail for note in lenient.remarks)

    _, strict = openslo.read_slo(document, Library(), strict=True)
    assert any("threshold is missing" in note.detail for note in strict.faults)
