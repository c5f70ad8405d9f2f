"""Which alerts are paged for as one."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import NOON
from watchkeeper.alerts.domain import grouping
from watchkeeper.alerts.domain.events import Severity, Urgency
from watchkeeper.alerts.domain.grouping import Group, Grouping, Joining, Standing
from watchkeeper.alerts.domain.matching import Fields

FIVE = dt.timedelta(minutes=5)
SECOND = dt.timedelta(seconds=1)
SHOP: Fields = {"service": ("shop",), "zone": ("eu",), "severity": ("critical", "page")}
TOLD = "was taken; an alert that is new in it pages again"


def of(
    fields: Fields = SHOP, *by: str, route: str = "r", urgency: Urgency = Urgency.HIGH
) -> Group:
    found = Grouping(by or ("service",), FIVE)
    return grouping.group_of(
        found, fields, route=route, severity=Severity.CRITICAL, urgency=urgency
    )


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (of({**SHOP, "zone": ("us",)}), True),
        (of({**SHOP, "service": ("pay",)}), False),
        (of({"zone": ("eu",)}), False),
        (of(SHOP, route="other"), False),
        (of(SHOP, urgency=Urgency.LOW), False),
        (of(SHOP, "service", "zone"), False),
    ],
    ids=["another zone", "another service", "no service", "another route", "not urgent", "more"],
)
def test_alerts_of_one_route_urgency_and_values_belong_together(
    other: Group, is_same: bool
) -> None:
    assert (other.digest == of().digest) is is_same


def test_a_label_that_is_missing_is_an_empty_one() -> None:
    assert of({}, "zone").digest == of({"zone": ("",)}, "zone").digest
    assert of({}, "zone").words == "zone=(none)"


def test_the_severity_is_our_word_whatever_the_sender_says() -> None:
    assert of(SHOP, "severity").values == (("severity", "critical"),)


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_values_never_run_into_each_other(one: dict[str, str], other: dict[str, str]) -> None:
    names = sorted({*one, *other}) or ["service"]

    def found(values: dict[str, str]) -> Group:
        return of({name: (values.get(name, ""),) for name in names}, *names)

    is_same = all(one.get(name, "") == other.get(name, "") for name in names if name != "severity")
    assert (found(one).digest == found(other).digest) is is_same


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        (None, Joining(joins=False, pages=True)),
        (Standing(NOON), Joining(joins=True, pages=False, reason="is being paged for already")),
        (Standing(NOON - FIVE), Joining(True, False, "is being paged for already")),
        (Standing(NOON - FIVE - SECOND), Joining(joins=False, pages=True)),
        (Standing(NOON, is_paged=False), Joining(joins=True, pages=True, reason=TOLD)),
        (Standing(NOON, is_open=False, is_paged=False), Joining(joins=False, pages=True)),
    ],
    ids=["none", "paged", "just in time", "too late", "taken", "over"],
)
def test_who_joins_and_who_is_paged_for(standing: Standing | None, told: Joining) -> None:
    assert grouping.joining(standing, FIVE, now=NOON) == told


@given(
    st.none() | st.builds(Standing, st.datetimes(timezones=st.just(dt.UTC)), st.booleans(),
                          st.booleans()),
    st.datetimes(timezones=st.just(dt.UTC)),
)  # fmt: skip
def test_an_alert_is_paged_for_unless_somebody_is_being_paged(
    standing: Standing | None, now: dt.datetime
) -> None:
    found = grouping.joining(standing, FIVE, now=now)

    if not found.pages:
        assert found.joins
        assert standing is not None
        assert standing.is_open
        assert standing.is_paged
