"""Alerts that nobody answered, on the overview."""

import datetime as dt
import itertools
import re
from typing import Any

import pytest

from tests.alerts.factories import make_integration, make_on_call, send, step
from tests.conftest import NOON, FakeClock
from tests.factories import HOST, make_slo
from tests.pages import signed_in, text
from watchkeeper.alerts.domain.documents import RouteSpec
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.queries import unheard
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.kernel import clock
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall import queries as oncall
from watchkeeper.slos import usecases as slos

pytestmark = pytest.mark.django_db
VIEWERS = itertools.count()
HOUR = dt.timedelta(hours=1)
LATER = NOON + HOUR


@pytest.fixture(autouse=True)
def set_up(settled: FakeClock) -> FakeClock:
    make_slo()
    return settled


@pytest.fixture
def heard() -> str:
    """A sender whose alerts page alice, who never answers."""
    make_on_call("alice")
    return make_integration(service="shop")


@pytest.fixture
def lost() -> str:
    """A sender whose alerts page nobody: there is no policy and no admin with a contact."""
    return make_integration(service="shop")


def fire(key: str, name: str = "Disk full") -> str:
    alert: str = send(key, key=name, title=name, severity="error")["alert"]
    return alert


def end() -> None:
    """Let all paging come to its end an hour later."""
    clock.set_source(FakeClock(LATER))
    step(LATER)


def strip() -> str:
    """Return the words of the strip; empty: there is none."""
    page = " ".join(text(signed_in(f"viewer-{next(VIEWERS)}").get("/")).split())
    found = re.search(r'<a class="wk-banner".*?</a>', page)
    return " ".join(re.sub(r"<[^>]+>", " ", found.group()).split()) if found else ""


def href() -> str:
    page = text(signed_in("linda").get("/"))
    return page.partition('<a class="wk-banner" href="')[2].partition('"')[0]


def test_without_such_an_alert_there_is_no_strip(heard: str) -> None:
    assert strip() == ""
    fire(heard)
    step(NOON)
    assert strip() == "", "its paging goes on"


def test_one_alert_is_named_and_led_to(heard: str) -> None:
    alert = fire(heard)
    end()

    assert strip() == "1 alert was answered by nobody Disk full shop nobody since 13:00"
    assert href() == f"/alerts/{alert}"


def test_several_name_the_newest_and_lead_to_what_fires(lost: str) -> None:
    fire(lost)
    step(NOON)
    fire(lost, "דיסק מלא")
    end()

    said = strip()
    assert said.startswith("2 alerts found nobody to page the newest: דיסק מלא shop")
    assert href() == "/alerts?state=firing"


def test_both_ways_to_go_unheard_are_told(lost: str) -> None:
    fire(lost)
    step(NOON)
    make_on_call("alice")
    fire(lost, "CPU")
    end()

    assert strip().startswith(
        "2 alerts were answered by nobody, 1 of them found nobody to page the newest: CPU"
    )


@pytest.mark.parametrize("act", ["acknowledge", "resolve", "snooze", "sender"])
def test_what_is_taken_ended_or_snoozed_does_not_count(heard: str, act: str) -> None:
    alert = fire(heard)
    end()
    assert strip() != ""

    if act == "sender":
        send(heard, key="Disk full", status="resolved")
    elif act == "snooze":
        acts.snooze(actor=HOST, alerts=[alert], length="1h", now=NOON)
    else:
        getattr(acts, act)(actor=HOST, alerts=[alert], now=NOON)

    assert strip() == ""


def test_those_of_a_group_count_with_the_one_that_was_paged_for(heard: str) -> None:
    spec = RouteSpec("all", "night", 10, (), group_by=("service",))
    rules.save_route(actor=HOST, spec=spec, origin=Origin.API, now=NOON)
    in_force.forget()
    first = fire(heard)
    fire(heard, "CPU")
    end()

    assert strip().startswith("2 alerts were answered by nobody")

    acts.acknowledge(actor=HOST, alerts=[first], now=NOON)
    assert strip() == ""


def test_an_alert_that_is_gone_from_the_table_is_no_made_up_number(heard: str) -> None:
    alert = fire(heard)
    end()
    Alert.objects.filter(pk=alert).update(state="resolved")

    assert len(oncall.unheard("alert")) == 1
    assert unheard.unheard() is None


def test_past_99_it_says_more(lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unheard, "MOST_COUNTED", 3)
    monkeypatch.setattr("watchkeeper.home.views.unheard_strip.MOST_COUNTED", 3)
    for number in range(4):
        fire(lost, f"disk {number}")
    step(NOON)

    assert strip().startswith("More than 2 alerts found nobody to page")


def test_many_take_four_queries(lost: str, django_assert_max_num_queries: Any) -> None:
    for number in range(6):
        fire(lost, f"disk {number}")
    step(NOON)

    with django_assert_max_num_queries(4):
        found = unheard.unheard()

    assert found is not None
    assert (found.count, found.unpaged) == (6, 6)


def test_the_sentence_counts_what_fires_and_nobody_took(
    lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        page = text(signed_in(f"viewer-{next(VIEWERS)}").get("/"))
        return page.partition('<p class="wk-truth">')[2].partition(" <span")[0]

    assert said().endswith(" SLOs hold.")
    alert = fire(lost)
    assert said().endswith(" SLOs hold; 1 alert is firing.")
    fire(lost, "CPU")
    assert said().endswith("; 2 alerts are firing.")
    acts.acknowledge(actor=HOST, alerts=[alert], now=NOON)
    assert said().endswith("; 1 alert is firing.")

    fire(lost, "RAM")
    monkeypatch.setattr("watchkeeper.ui.domain.navigation.MOST_IN_BADGE", 1)
    assert said().endswith("; more than 1 alerts are firing.")
    slos.remove_slo(actor=HOST, name="checkout", origin=Origin.FILE, now=NOON)
    assert said() == "Nothing is watched yet; more than 1 alerts are firing."


def test_before_the_first_slo_it_is_told_too(lost: str) -> None:
    slos.remove_slo(actor=HOST, name="checkout", origin=Origin.FILE, now=NOON)
    fire(lost)
    step(NOON)

    assert strip().startswith("1 alert found nobody to page Disk full")
