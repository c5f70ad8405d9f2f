"""Which stretch of time the charts of an SLO show, and in which zone."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import FakeClock
from tests.factories import make_minutes, make_slo, make_user, slo_document
from watchkeeper.slos import usecases

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
Open = Callable[..., Any]


@pytest.fixture
def open_page(fake_clock: FakeClock) -> Open:
    """Return who opens the page of an SLO that burned for the hour before noon."""
    make_slo()
    make_minutes("checkout", NOON, (10_000, 1000, 1000), (60, 900, 1000))
    usecases.tick(now=NOON)
    client = Client()
    alice = make_user("alice")
    alice.time_zone = "Europe/Oslo"
    alice.save()
    client.force_login(alice, backend=BACKEND)

    def opened(**asked: str) -> Any:
        return client.get("/slos/checkout", asked)

    return opened


def test_a_day_is_shown_by_the_minute_with_burn_below(open_page: Open) -> None:
    context = open_page(range="24h").context

    assert context["heat_chart"] is None
    assert context["scene"].end - context["scene"].start == dt.timedelta(days=1)
    burn, budget = context["burn_chart"], context["budget_chart"]
    assert (burn.start, burn.end) == (budget.start, budget.end)
    assert [line.name for line in burn.lines] == [
        "Over 5\u202fmin", "Over 1\u202fh", "Even pace, 1x"
    ]  # fmt: skip
    assert burn.lines[1].points[-1][1] == pytest.approx(100)


def test_an_own_range_ends_with_what_was_left_then(open_page: Open) -> None:
    response = open_page(**{"from": "2026-03-01T00:00Z", "to": "2026-03-02T11:00Z"})

    scene, chart = response.context["scene"], response.context["budget_chart"]
    assert (scene.key, scene.problem) == ("own", "")
    assert scene.end == NOON - dt.timedelta(hours=1)
    assert chart.end_label == "100\u202f%"
    assert chart.forecast is None
    assert "now" not in [mark.label for mark in chart.marks]


def test_wall_times_become_instants_that_can_be_shared(open_page: Open) -> None:
    response = open_page(range="7d", **{"from": "2026-03-01T01:00", "to": "2026-03-02T09:30"})

    assert response.status_code == 302
    assert "from=2026-03-01T00%3A00Z" in response.headers["Location"]
    assert "to=2026-03-02T08%3A30Z" in response.headers["Location"]
    assert "range" not in response.headers["Location"]


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("2026-03-02T10:00Z", "2026-03-02T09:00Z", "at least five minutes"),
        ("2026-04-02T10:00Z", "", "not been measured yet"),
        ("2020-01-01T00:00Z", "2026-03-01T00:00Z", "at most 400 days"),
        ("yesterday", "", "not understood"),
        ("0001-01-01T00:00+14:00", "", "not understood"),
    ],
)
def test_a_range_that_cannot_be_shown_says_why(
    open_page: Open, start: str, end: str, why: str
) -> None:
    response = open_page(**{"from": start, "to": end})

    assert response.status_code == 200
    assert why in response.context["scene"].problem
    assert response.context["scene"].key == "30d"


def test_the_address_chooses_the_zone_for_the_whole_page(open_page: Open) -> None:
    own, utc, other = (open_page(zone=zone) for zone in ("own", "UTC", "Asia/Tokyo"))

    assert own.context["budget_chart"].head == "At (Oslo)"
    assert utc.context["budget_chart"].head == "At (UTC)"
    assert other.context["budget_chart"].head == "At (Tokyo)"
    assert other.context["minutes_url"].endswith("?zone=Asia%2FTokyo")
    assert open_page(zone="no/where").context["zone"].name == "Europe/Oslo"


def test_a_calendar_window_offers_its_own_zone(open_page: Open) -> None:
    start = {"startTime": "2026-01-01 00:00:00", "timeZone": "America/New_York"}
    window = {"duration": "1M", "isRolling": False, "calendar": start}
    make_slo(slo_document("other", timeWindow=[window]))
    client = Client()
    client.force_login(make_user("bob"), backend=BACKEND)

    zones = client.get("/slos/other").context["choice"].zones

    assert ("America/New_York", "The SLO's: New York", False) in zones


def test_what_happened_stands_on_the_chart_and_leads_to_its_place(open_page: Open) -> None:
    make_slo(slo_document(objectives=[{"target": 0.99}]))

    marks = {mark.label: mark.url for mark in open_page(range="7d").context["budget_chart"].marks}

    assert marks["version 2"] == "#versions"
    assert marks["page"] == "#firings"


def test_what_is_to_be_known_of_burn_rules_stands_beside_them(fake_clock: FakeClock) -> None:
    make_slo(slo_document(objectives=[{"target": 0.9}]))
    make_minutes("checkout", NOON, (600, 0, 0), (1, 1, 1))
    client = Client()
    client.force_login(make_user("alice"), backend=BACKEND)

    context = client.get("/slos/checkout").context

    words: dict[str, list[str]] = {}
    for finding in context["rule_findings"]:
        words.setdefault(finding.word, []).append(finding.detail)
    assert any("page-fast is left out" in each for each in words["Left out"])
    assert len(words["Left out"]) + len(context["burn_rules"]) == 4
    assert all("one failure alone fires" in each for each in words["Few events"])
