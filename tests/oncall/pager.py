"""A process that runs the pager's two loops, to be killed by tests.

Usage: python -m tests.oncall.pager migrate|world|start|stop|pile|engine [WORDS]

``world URL PEOPLE`` makes people and a room with a webhook below URL and a policy of two steps;
``start FIRST MANY`` begins escalations, ``stop FIRST MANY`` ends them and prints when that was
committed.
``pile MANY`` accepts posts as in a storm: of ten alerts each that open, then of their ends.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable

import django


def world(url: str, people: str, kind: str = "") -> None:
    """Make people, and one policy that pages the first and tells a room, and then pages all.

    ``turns``: each in turn, and no room.
    """
    from tests.factories import HOST, make_team, make_user
    from watchkeeper.kernel import clock
    from watchkeeper.kernel.documents import Document
    from watchkeeper.kernel.origins import Origin
    from watchkeeper.notifications import usecases as notifications
    from watchkeeper.notifications.domain.contacts import ContactSpec, PagingSpec
    from watchkeeper.oncall import usecases

    make_team("shop")
    for number in range(int(people) if kind != "turns" else 0):
        name = f"person{number}"
        make_user(name, teams={"shop": ""})
        contact = ContactSpec("hook", "webhook", f"{url}{name}", verified=True)
        notifications.save_paging(
            actor=HOST,
            person=name,
            spec=PagingSpec((contact,)),
            origin=Origin.API,
            now=clock.now(),
        )
    steps: list[dict[str, object]] = [
        {"notify": [{"person": "person0"}, {"webhook": f"{url}room"}]},
        {"after": "1s", "notify": [{"team": "shop"}]},
    ]
    if kind == "turns":
        everybody = [{"person": f"person{number}"} for number in range(int(people))]
        steps = [{"notify": everybody, "roundRobin": True}]
    head = {"apiVersion": "watchkeeper/v1", "kind": "EscalationPolicy"}
    spec = {"steps": steps, "repeatAfter": "1s", "catchAll": {"team": "shop"}}
    document = Document({**head, "metadata": {"name": "shop"}, "spec": spec})
    usecases.save_policy(actor=HOST, document=document, origin=Origin.API, now=clock.now())


def start(first: str, many: str) -> None:
    """Begin escalations, ten in a transaction."""
    from django.db import transaction

    from watchkeeper.kernel import clock
    from watchkeeper.oncall.queries import Subject
    from watchkeeper.oncall.usecases import escalations
    from watchkeeper.oncall.usecases.escalations import Trigger

    numbers = range(int(first), int(first) + int(many))
    triggers = [Trigger(Subject("thing", str(n)), "shop", "high", "t", "s", "u") for n in numbers]
    for place in range(0, len(triggers), 10):
        with transaction.atomic():
            escalations.start_many(triggers[place : place + 10], now=clock.now())


def stop(first: str, many: str) -> None:
    """End escalations at once, and say when."""
    from django.db import transaction

    from watchkeeper.kernel import clock
    from watchkeeper.oncall.queries import Subject
    from watchkeeper.oncall.usecases import escalations

    numbers = range(int(first), int(first) + int(many))
    with transaction.atomic():
        subjects = [Subject("thing", str(number)) for number in numbers]
        escalations.stop(subjects, reason="acknowledged", now=clock.now())
    sys.stdout.write(f"{clock.now().timestamp()}\n")


def pile(many: str) -> None:
    """Accept posts first, to be decided later: all beginnings, then all ends."""
    import json

    from tests.factories import HOST
    from watchkeeper.alerts.domain.documents import IntegrationSpec
    from watchkeeper.alerts.ports import Post
    from watchkeeper.alerts.usecases import doors, intake, integrations
    from watchkeeper.alerts.usecases.intake import Arrival
    from watchkeeper.kernel import clock

    spec = IntegrationSpec("load", "generic")
    made = integrations.create_integration(actor=HOST, spec=spec, now=clock.now())
    path = f"/in/generic/{made.key}"
    door = doors.find("POST", path)
    assert door is not None
    for status in ("firing", "resolved"):
        for post in range(int(many)):
            events = [{"key": f"{post}-{n}", "title": "T", "status": status} for n in range(10)]
            body = json.dumps(events).encode()
            arrival = Arrival(door, Post("POST", path, body, clock.now()))
            intake.store([arrival], now=clock.now(), is_pressed=True)
            assert arrival.stored is not None


def engine() -> None:
    """Run the loops until SIGTERM."""
    from watchkeeper.config.jobs import LOOPS
    from watchkeeper.plumbing.engine import Engine

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    Engine((), LOOPS).run(ended)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "watchkeeper.config.settings"
    django.setup()
    what, *words = sys.argv[1:]
    if what == "migrate":
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        return
    doing: dict[str, Callable[..., None]] = {
        "world": world,
        "start": start,
        "stop": stop,
        "pile": pile,
        "engine": engine,
    }
    doing[what](*words)


if __name__ == "__main__":
    main()
