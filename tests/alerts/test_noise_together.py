"""Grouping, flapping and inhibition under many hands at once: nobody is left without a page."""

import random
import threading
from typing import Any

import pytest
from django.db import connection

from tests.alerts.factories import make_integration, make_on_call, post, settle
from tests.conftest import FakeClock
from tests.factories import HOST
from watchkeeper.alerts.domain.documents import InhibitionSpec, RouteSpec
from watchkeeper.alerts.models import Alert, AlertGroup
from watchkeeper.alerts.queries import rules as in_force
from watchkeeper.alerts.usecases import acts, rules
from watchkeeper.kernel import clock
from watchkeeper.kernel.errors import ConflictError
from watchkeeper.kernel.origins import Origin
from watchkeeper.oncall.models import Escalation

pytestmark = pytest.mark.django_db(transaction=True)
SENDERS, POSTS = 3, 12


@pytest.fixture
def door(fake_clock: FakeClock) -> str:
    del fake_clock
    settle()
    make_on_call("alice")
    route = RouteSpec("all", "night", 10, (), group_by=("service",))
    rules.save_route(actor=HOST, spec=route, origin=Origin.API, now=clock.now())
    larger = InhibitionSpec("down", ('key="0"',), ('key=~"[1-3]"',), ("service",))
    rules.save_inhibition(actor=HOST, spec=larger, origin=Origin.API, now=clock.now())
    in_force.forget()
    return make_integration("alertmanager", settings={"flapping": {"openings": 3}})


def alerts(dice: random.Random) -> list[dict[str, Any]]:
    return [
        {"labels": {"service": f"s{int(key) % 2}"}, "fingerprint": key,
         "status": dice.choice(["firing", "firing", "resolved"]),
         "startsAt": f"2026-03-02T11:{dice.randrange(10, 20)}:00Z",
         "endsAt": "2026-03-02T11:30:00Z"}
        for key in dice.sample("01234567", 4)
    ]  # fmt: skip


def tell(door: str, seed: int, faults: list[str]) -> None:
    """Post what a sender may say, in any order."""
    dice = random.Random(seed)
    for _ in range(POSTS):
        answer = post(f"/in/alertmanager/{door}", {"version": "4", "alerts": alerts(dice)})
        if answer.status_code != 202:
            faults.append(f"post: {answer.status_code}")
    connection.close()


def act(seed: int, faults: list[str]) -> None:
    """Take and end what is open."""
    dice = random.Random(seed)
    for _ in range(POSTS):
        found = Alert.objects.exclude(state="resolved").values_list("pk", flat=True)
        chosen = [str(pk) for pk in found]
        do = dice.choice([acts.acknowledge, acts.acknowledge, acts.resolve])
        try:
            if chosen:
                do(actor=HOST, alerts=[dice.choice(chosen)], now=clock.now())
        except ConflictError:
            continue
        except Exception as error:  # noqa: BLE001  whatever it is, the test tells it
            faults.append(f"act: {error}")
    connection.close()


def test_what_fires_is_paged_for_by_itself_or_its_group(door: str) -> None:
    """Whatever the order of commits: a firing alert that nothing keeps quiet has its escalation.

    No post is refused, nobody who acts is told of a deadlock.
    """
    faults: list[str] = []
    hands = [threading.Thread(target=tell, args=(door, seed, faults)) for seed in range(SENDERS)]
    hands += [threading.Thread(target=act, args=(seed, faults)) for seed in (7, 8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)

    assert faults == []
    paging = set(Escalation.objects.filter(state="open").values_list("subject_id", flat=True))
    loud = Alert.objects.filter(state="firing", muted_until=None)
    assert {str(row.led_by_id or row.pk) for row in loud} == paging
    is_open = set(Alert.objects.exclude(state="resolved").values_list("led_by", flat=True))
    assert set(AlertGroup.objects.filter(closed_at=None).values_list("lead", flat=True)) <= is_open
