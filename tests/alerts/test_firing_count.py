"""How many alerts fire that nobody took: the number in the rail, which every page asks for."""

import re
from typing import Any

import pytest
from django.db import connection

from tests.alerts.factories import make_integration, send, settle
from tests.conftest import NOON, FakeClock
from tests.factories import HOST
from tests.pages import signed_in, text
from watchkeeper.alerts.models import Alert
from watchkeeper.alerts.queries import alerts as queries
from watchkeeper.alerts.usecases import acts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def set_up(db: None, fake_clock: FakeClock) -> None:
    del db, fake_clock
    settle()


def fire(many: int) -> list[str]:
    key = make_integration(service="shop")
    return [send(key, key=f"k{n}", title="Disk full")["alert"] for n in range(many)]


def badge(page: str) -> str:
    """Return what stands beside the place "Alerts"; empty: nothing."""
    place = re.search(r'<a href="/alerts".*?</a>', page, re.DOTALL)
    assert place is not None
    found = re.search(r'"wk-nav-n">(.*)</span>', place.group())
    return re.sub("<[^>]+>", "", found.group(1)) if found else ""


def test_only_what_fires_and_nobody_took_counts() -> None:
    taken, over, snoozed, _ = fire(4)
    acts.acknowledge(actor=HOST, alerts=[taken], now=NOON)
    acts.resolve(actor=HOST, alerts=[over], now=NOON)
    acts.snooze(actor=HOST, alerts=[snoozed], length="1h", now=NOON)

    assert queries.firing_count() == 1
    assert badge(text(signed_in("vera").get("/services"))) == "1 firing"


def test_what_is_kept_quiet_does_not_count() -> None:
    fire(1)
    Alert.objects.update(muted_by="calm", muted_until=NOON)

    assert queries.firing_count() == 0


def test_nothing_stands_there_when_nothing_fires() -> None:
    assert badge(text(signed_in("vera").get("/services"))) == ""


def test_it_counts_no_further_than_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    fire(4)
    assert queries.firing_count(most=3) == 3

    monkeypatch.setattr("watchkeeper.ui.domain.navigation.MOST_IN_BADGE", 3)
    assert badge(text(signed_in("vera").get("/services"))) == "3+ firing"


def test_the_index_of_open_alerts_serves_it(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1) as asked:
        queries.firing_count()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("EXPLAIN " + asked[0]["sql"])
        else:
            cursor.execute("EXPLAIN QUERY PLAN " + asked[0]["sql"])
        plan = str(cursor.fetchall())

    assert "alerts_open_newest_first" in plan
    assert Alert.objects.count() == 0
